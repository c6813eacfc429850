import { describe, expect, it } from 'vitest';
import { Asker } from '../../src/query/ask/asker.js';
import { ask } from '../../src/query/ask/asking.js';
import { Outcome } from '../../src/query/ask/outcome.js';
import { askInOrder, scheduleOf, type Task } from '../../src/query/ask/schedule.js';
import type { Subject } from '../../src/query/ask/subject.js';
import { migMode } from '../../src/query/gpu/engines.js';
import { machineOf } from './small-machine.js';

interface Told {
  readonly log: string[];
  readonly questions: Task[];
}

/** Questions named `subject/kind`, kinds: prompt, waits, watch; those of `bad` fail. */
function questions(names: readonly string[], bad: readonly string[] = []): Told {
  const log: string[] = [];
  const made = names.map((name): Task => {
    const [subject = '', kind = ''] = name.split('/');
    const fail = (): void => {
      if (bad.includes(name)) throw new Error(name);
    };
    const start = async (): Promise<void> => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push(`${name} ends`);
      fail();
    };
    return {
      subject,
      lifetime: 'sample',
      waits: kind !== 'prompt',
      isAnswered: () => true,
      undisturbed: kind === 'watch',
      run: () => {
        log.push(name);
        fail();
      },
      start,
      begin: ({ resolve, reject }) => void start().then(resolve, reject),
    };
  });
  return { log, questions: made };
}

describe('asking', () => {
  it('gives no promise where nothing waits', () => {
    const { log, questions: asked } = questions(['a/prompt', 'b/prompt']);
    expect(askInOrder(scheduleOf(asked))).toBeUndefined();
    expect(log).toEqual(['a/prompt', 'b/prompt']);
  });

  it('has begun to watch a single link when it returns', async () => {
    const { log, questions: asked } = questions(['a/watch', 'a/prompt']);
    const pending = askInOrder(scheduleOf(asked));
    expect(log).toEqual(['a/prompt', 'a/watch begins']);
    await pending;
  });

  it('waits for what waits about a GPU before its link is watched', async () => {
    const { log, questions: asked } = questions(['a/watch', 'a/waits', 'a/prompt']);
    await askInOrder(scheduleOf(asked));
    expect(log).toEqual(['a/waits begins', 'a/prompt', 'a/waits ends', 'a/watch begins', 'a/watch ends']);
  });

  it.each([
    [['a/prompt', 'a/waits'], 'a/prompt'],
    [['a/waits', 'a/prompt'], 'a/waits'],
    [['a/watch', 'a/prompt'], 'a/prompt'],
    [['a/watch', 'a/waits'], 'a/watch'],
    [['a/watch', 'a/prompt', 'b/watch', 'b/prompt'], 'a/prompt'],
    [['a/watch', 'a/prompt', 'b/watch', 'b/prompt'], 'b/prompt'],
    [['a/watch', 'a/prompt', 'b/watch', 'b/prompt'], 'a/watch'],
    [['a/watch', 'a/prompt', 'b/watch', 'b/prompt', 'c/waits'], 'b/watch'],
    [['a/watch', 'a/prompt', 'b/watch', 'b/waits', 'c/waits'], 'c/waits'],
  ])('of %j fails once where %s does, when all that began has ended', async (names, bad) => {
    const { log, questions: asked } = questions(names, [bad]);
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      await expect((async () => askInOrder(scheduleOf(asked)))()).rejects.toThrow(bad);
      const begun = log.filter((entry) => entry.endsWith('begins')).length;
      expect(log.filter((entry) => entry.endsWith('ends'))).toHaveLength(begun);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('what is asked seldom', () => {
  it('is asked again after its period only, and has its last answer meanwhile', () => {
    const outcome = new Outcome();
    let calls = 0;
    outcome.answered = () => {
      calls += 1;
    };
    const session = machineOf({ nvmlDeviceGetMigMode: { gpu0: [1, 1] } });
    let now = 0;
    const seldom = { probes: new Set([migMode.name]), period: 5000, now: () => now };
    const asker = new Asker(session, { outcome, seldom });
    const made = [0, 1000, 4999, 5000, 9999, 10_000].map((time) => {
      now = time;
      asker.tick();
      const answer = asker.run(ask(migMode, session.gpus[0] as Subject));
      return [answer.read('currentMode'), calls];
    });
    expect(made).toEqual([1, 1, 1, 2, 2, 3].map((count) => [1, count]));
  });
});
