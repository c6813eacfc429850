import { describe, expect, it } from 'vitest';
import { machineWith } from './monitor-machine.js';
import { runOn } from './run-on.js';

type Answers = Record<string, unknown>;
const refused = (name: string): { readonly error: string } => ({ error: `NVML_ERROR_${name}` });

/** Everything is asked of GPU 1 in vain, but its handle. */
const lostLater = machineWith([{}, {}], (calls: Record<string, Answers>) => {
  for (const answers of Object.values(calls)) {
    for (const key of Object.keys(answers)) {
      if (key.startsWith('gpu1')) answers[key] = refused('GPU_IS_LOST');
    }
  }
});

const unattached = (name: string) =>
  machineWith([{}, {}], (calls: Record<string, Answers>) => {
    calls.nvmlDeviceGetHandleByIndex_v2 = { 0: 'gpu0', 1: refused(name) };
  });

const COMMANDS = [
  [],
  ['-L'],
  ['--query-gpu=name,memory.used', '--format=csv'],
  ['-q', '-d', 'MEMORY'],
  ['dmon', '-c', '1'],
  ['nvlink', '-s'],
  ['topo', '-m'],
];

describe('a GPU that falls off the bus after it was attached', () => {
  it.each(COMMANDS.map((argv) => [argv]))('makes %j end with 15', async (argv) => {
    expect((await runOn(lostLater, argv)).status).toBe(15);
  });

  it('is no matter where another is asked', async () => {
    expect((await runOn(lostLater, ['--query-gpu=name', '--format=csv', '-i', '0'])).status).toBe(0);
  });
});

describe('a GPU that cannot be attached', () => {
  it.each([
    ['NO_PERMISSION', 4],
    ['INSUFFICIENT_POWER', 8],
    ['IRQ_ISSUE', 11],
    ['GPU_IS_LOST', 15],
    ['RESET_REQUIRED', 16],
    ['UNKNOWN', 255],
  ])('for %s makes every command end with %d', async (name, expected) => {
    for (const argv of COMMANDS) {
      expect({ argv, status: (await runOn(unattached(name), argv)).status }).toEqual({
        argv,
        status: expected,
      });
    }
  });

  it('is no matter where another is asked', async () => {
    const argv = ['--query-gpu=name', '--format=csv', '-i', '0'];
    expect((await runOn(unattached('UNKNOWN'), argv)).status).toBe(0);
  });
});
