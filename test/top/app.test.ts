/** The monitor with a terminal in memory: what it does beside drawing. */
import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Terminal, TerminalListener } from '../../src/base/terminal.js';
import { startOf } from '../../src/system/processes.js';
import { App, type AppParts } from '../../src/top/app.js';
import { USUAL } from '../../src/top/settings.js';
import { initialState } from '../../src/top/state.js';
import { themeOf } from '../../src/top/theme.js';
import type { WatchSample, WatchSampler } from '../../src/watch/sample.js';
import { machineWith } from '../commands/monitor-machine.js';
import { Emulator } from './emulator.js';
import { samplesOf } from './recorded-model.js';

const COLUMNS = 100;
const ROWS = 24;

/** A terminal that keeps what it shows. */
class MadeTerminal implements Terminal {
  readonly columns = COLUMNS;
  readonly rows = ROWS;
  readonly screen = new Emulator(COLUMNS, ROWS);
  readonly sent: (readonly [pid: number, signal: string])[] = [];
  isOpen = false;
  bytes = 0;
  private listener: TerminalListener | undefined;

  constructor(private readonly refusal?: string) {}

  open(listener: TerminalListener): void {
    this.isOpen = true;
    this.listener = listener;
    listener.redraw();
  }
  write(text: string): void {
    this.bytes += text.length;
    this.screen.write(text);
  }
  suspend(): void {}
  close(): void {
    this.isOpen = false;
  }
  signal(pid: number, signal: string): string | undefined {
    this.sent.push([pid, signal]);
    return this.refusal;
  }
  press(...names: readonly string[]): void {
    for (const name of names) this.listener?.key({ name, character: name.length === 1 ? name : undefined });
  }
  get text(): string {
    return this.screen.lines.join('\n');
  }
}

async function running(sampler: WatchSampler, change: Partial<AppParts> = {}, terminal = new MadeTerminal()) {
  let now = Date.now();
  const app = new App({
    terminal,
    sampler,
    state: initialState({ ...USUAL, interval: 0.1 }, false),
    theme: themeOf(0, 'dark'),
    isUtf8: true,
    now: () => now,
    startOf,
    save: () => 'kept',
    ...change,
  });
  const ended = app.run();
  // Who wants to know how it ended awaits the promise itself.
  ended.catch(() => {});
  onTestFinished(() => terminal.press('q', 'q'));
  await new Promise((resolve) => setTimeout(resolve, 60));
  return {
    terminal,
    ended,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

const { sample } = await samplesOf('h200-x2-load', 2);

/** The same sample whenever it is asked; then, where that is wanted, no answer any more. */
const sampled = (of: WatchSample, answers = Number.POSITIVE_INFINITY): WatchSampler & { taken: number } => {
  const made = {
    taken: 0,
    take: (): Promise<WatchSample> =>
      made.taken++ < answers ? Promise.resolve(of) : new Promise<WatchSample>(() => {}),
    close: () => {},
  };
  return made;
};

describe('a driver that does not answer', () => {
  it('leaves the last values on the screen, with their age, and keys work', async () => {
    const sampler = sampled(sample, 1);
    const { terminal, pass } = await running(sampler);
    expect(terminal.text).toContain('python3');
    await wait(300);
    pass(9000);
    terminal.press('down');
    expect(terminal.text).toMatch(/^The driver has not answered for 0:09; these values are /m);
    expect(terminal.text).toContain('python3');
    terminal.press('?');
    expect(terminal.text).toContain('Keys');
    expect(sampler.taken).toBe(2);
  });

  it('is said without a key, a second later at the latest', async () => {
    const { terminal, pass } = await running(sampled(sample, 1));
    await wait(150);
    pass(5000);
    await wait(1200);
    expect(terminal.text).toContain('The driver has not answered for');
  });

  it('from the beginning is said, too', async () => {
    const { terminal, pass } = await running(sampled(sample, 0));
    pass(5000);
    terminal.press('down');
    expect(terminal.text).toContain('The driver has not answered for 0:05.');
    expect(terminal.text).toContain('Waiting for the first sample.');
  });
});

describe('a sample that fails', () => {
  it('ends the run with its error, after the terminal is given back', async () => {
    const terminal = new MadeTerminal();
    const sampler = { take: () => Promise.reject(new Error('no driver')), close: () => {} };
    const app = running(sampler, {}, terminal).then(({ ended }) => ended);
    await expect(app).rejects.toThrow('no driver');
    expect(terminal.isOpen).toBe(false);
  });
});

describe('a pause', () => {
  it('asks nothing until it ends', async () => {
    const sampler = sampled(sample);
    const { terminal } = await running(sampler);
    terminal.press('p');
    await wait(150);
    const { taken } = sampler;
    await wait(400);
    expect(sampler.taken).toBe(taken);
    terminal.press('p');
    await wait(100);
    expect(sampler.taken).toBeGreaterThan(taken);
  });
});

describe('the bytes of a tick', () => {
  it('are none where nothing changed', async () => {
    const { terminal } = await running(sampled(sample));
    await wait(200);
    const { bytes } = terminal;
    await wait(400);
    expect(terminal.bytes).toBe(bytes);
  });
});

describe('a signal', () => {
  const child = (): number => {
    const sleeping = spawn('sleep', ['60']);
    onTestFinished(() => {
      sleeping.kill('SIGKILL');
    });
    return sleeping.pid ?? 0;
  };
  const onGpu = async (pid: number, start: string): Promise<WatchSample> =>
    (
      await samplesOf(machineWith([{ processes: [{ pid, name: 'sleep', fbMiB: 10 }] }]), 2, {
        processes: { [pid]: { command: ['sleep', '60'], start: Number(start) } },
      })
    ).sample;

  it('goes to the process of the number and the start', async () => {
    const pid = child();
    const { terminal } = await running(sampled(await onGpu(pid, startOf(pid) ?? '')));
    terminal.press('down', 'f9', 'y');
    expect(terminal.sent).toEqual([[pid, 'SIGTERM']]);
    expect(terminal.text).toContain(`SIGTERM sent to process ${pid}.`);
  });

  it('does not go to another process that got the number', async () => {
    const pid = child();
    const { terminal } = await running(sampled(await onGpu(pid, '1')));
    terminal.press('down', 'K', 'y');
    expect(terminal.sent).toEqual([]);
    expect(terminal.text).toContain(`Process ${pid} has ended.`);
  });

  it('that is not permitted is said, and nothing else happens', async () => {
    const pid = child();
    const terminal = new MadeTerminal('EPERM');
    await running(sampled(await onGpu(pid, startOf(pid) ?? '')), {}, terminal);
    terminal.press('down', 'k', 'y');
    expect(terminal.text).toContain(`Process ${pid} belongs to another user: not permitted.`);
    expect(terminal.isOpen).toBe(true);
  });
});

describe('the page of a GPU', () => {
  it('shows the report once it was read, and reads it again with every sample', async () => {
    let reads = 0;
    const report = async (gpu: number): Promise<readonly string[]> => [`report ${++reads} of GPU ${gpu}`];
    const { terminal } = await running({ ...sampled(sample), report });
    terminal.press('f2');
    expect(terminal.text).toContain('Reading the report');
    await wait(350);
    expect(terminal.text).toMatch(/report [2-9] of GPU 0/);
    terminal.press('f2');
    await wait(50);
    expect(terminal.text).toMatch(/report \d+ of GPU 1/);
  });
});

it('an environment that may not be read is said', async () => {
  const { terminal } = await running({ ...sampled(sample), environ: () => undefined });
  terminal.press('down', 'e');
  expect(terminal.text).toContain('Its environment may not be read');
});
