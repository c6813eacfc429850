/**
 * Collects in a child process, which NVML may hold for good: what is known stays known, and how long it has been stuck. A
 * child that does not answer is killed, and another is started once it is gone.
 */
import type { Background, Child } from '../base/background.js';
import { type Collector, CollectorState, DEADLINE } from './collector.js';
import type { CollectedRecords, HealthSeen } from './observed.js';

/** Deadlines without an answer after which a child is killed. */
const PATIENCE = 3;
/** Milliseconds from the end of one child to the start of the next; twice as many each time, up to a minute. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;
const LOOK_EVERY = 1000;

/** Characters that are kept of what a child prints beside collections: why it ends. */
const MOST_PRINTED = 4096;

/** The option by which the program becomes the child. */
export const CHILD_OPTION = 'collect-for-exporter';

/** A first child that ended without a collection: why, as it said, and its exit status. */
export class NoCollection extends Error {
  constructor(
    readonly status: number,
    said: string,
  ) {
    super(said);
  }
}

/** Starts to collect, and returns after the first collection, or once it is overdue. Throws NoCollection. */
export async function collectInChild(
  background: Background,
  {
    period,
    checksHealth,
    deadline = DEADLINE,
  }: { readonly period: number; readonly checksHealth: boolean; readonly deadline?: number | undefined },
  now: () => number,
  onCollected: () => void,
  report: (text: string) => void,
): Promise<Collector> {
  let child: Child | undefined;
  let timer: NodeJS.Timeout | undefined;
  let pause = FIRST_PAUSE;
  let isOver = false;
  let reported = '';
  let printed = '';
  const watch = setInterval(() => {
    const { stuckSince } = state;
    if (stuckSince !== undefined && now() - stuckSince > PATIENCE * deadline) child?.kill();
  }, LOOK_EVERY);
  watch.unref();
  const end = (): void => {
    isOver = true;
    clearTimeout(timer);
    clearInterval(watch);
    child?.kill();
  };
  const state = new CollectorState(now, checksHealth, end, deadline);
  let first: { resolve(): void; reject(error: Error): void } | undefined;
  const take = (line: string): void => {
    const { collected, health } = saidIn(line);
    if (health !== undefined) {
      state.examined(health);
      onCollected();
      return;
    }
    if (collected === undefined) {
      printed = `${printed}${line}\n`.slice(-MOST_PRINTED);
      return;
    }
    state.take(collected);
    state.begin(period);
    pause = FIRST_PAUSE;
    first?.resolve();
    onCollected();
  };
  const ended = (status: number | undefined, alsoSaid: string): void => {
    if (isOver) return;
    const said = printed + alsoSaid;
    printed = '';
    if (state.latest === undefined && first !== undefined) {
      first.reject(new NoCollection(status ?? 1, said));
      return;
    }
    if (said !== '' && said !== reported) report(said);
    reported = said;
    state.fail('collector ended');
    timer = setTimeout(() => void start(), pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  };
  const start = async (): Promise<void> => {
    state.begin();
    child = await background.lines([`--${CHILD_OPTION}`], { line: take, end: ended });
  };
  await new Promise<void>((resolve, reject) => {
    first = { resolve, reject };
    setTimeout(resolve, deadline).unref();
    void start().catch(reject);
  }).catch((error: unknown) => {
    state.stop();
    throw error;
  });
  first = undefined;
  return state;
}

/** What a line of the child says. */
export interface Said {
  readonly collected?: CollectedRecords;
  readonly health?: HealthSeen;
}

/** Nothing where the line is of another form: anything may print in a process. */
function saidIn(line: string): Said {
  if (!/^\{"(collected|health)":\{/.test(line)) return {};
  try {
    return JSON.parse(line) as Said;
  } catch {
    return {};
  }
}
