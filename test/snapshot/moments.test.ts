/** Recordings that move: what their files may hold, and how they are written. */
import { describe, expect, it } from 'vitest';
import { call, type Handle, SUBJECT } from '../../src/nvml/call.js';
import { ask } from '../../src/nvml/session.js';
import { formatSnapshot, parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';
import { snapshotDriver } from '../../src/snapshot/snapshot-driver.js';
import { changesBetween, type Tick } from '../../src/snapshot/snapshot-ticks.js';
import { momentsOf } from '../commands/moving-machine.js';
import { handle, u32 } from '../nvml/outs.js';

const machine: Snapshot = {
  format: 'nvsmi-snapshot',
  version: 1,
  title: 'one GPU',
  origin: 'built',
  identities: 'made-up',
  files: {},
  calls: {
    nvmlInit_v2: { '': [] },
    nvmlDeviceGetHandleByIndex_v2: { 0: 'gpu0' },
    nvmlDeviceGetPowerUsage: { gpu0: 100, gpu1: 7 },
    nvmlDeviceGetName: { gpu0: 'GPU' },
  },
  ticks: [
    { ms: 500, calls: { nvmlDeviceGetPowerUsage: { gpu0: 200 } } },
    { ms: 1003.5, calls: {} },
    { ms: 1500, calls: { nvmlDeviceGetPowerUsage: { gpu0: { error: 'NVML_ERROR_GPU_IS_LOST' }, gpu1: 8 } } },
  ],
};

const withTicks = (ticks: unknown): string => JSON.stringify({ ...machine, ticks });

describe('a file with ticks', () => {
  it('is read as written', () => {
    const text = formatSnapshot(machine);
    expect(parseSnapshot(text, 'box')).toEqual(machine);
    expect(formatSnapshot(parseSnapshot(text, 'box'))).toBe(text);
  });

  it('has a line for each function of a tick', () => {
    expect(formatSnapshot(machine)).toContain(
      '  "ticks": [\n    {"ms": 500, "calls": {\n      "nvmlDeviceGetPowerUsage": {"gpu0":200}\n    }},\n    {"ms": 1003.5, "calls": {}},\n',
    );
  });

  it('is what it was before there were ticks where it has none', () => {
    const { ticks: _, ...still } = machine;
    expect(formatSnapshot(still)).not.toContain('ticks');
    expect(formatSnapshot({ ...still, ticks: [] })).toBe(formatSnapshot(still));
    expect(snapshotDriver(still, 'box').beginSample).toBeUndefined();
  });

  const power = { nvmlDeviceGetPowerUsage: { gpu0: 1 } };
  it.each([
    ['no list', { 0: power }, 'ticks: a list is needed, not an object'],
    ['a tick that is a number', [1], 'ticks[0]: an object is needed, not 1'],
    ['a tick that is nothing', [null], 'ticks[0]: an object is needed, not null'],
    ['a tick without a time', [{ calls: power }], 'ticks[0].ms: a number is needed, not nothing'],
    ['a time that is text', [{ ms: '5', calls: power }], 'ticks[0].ms: a number is needed, not "5"'],
    ['a time before the first moment', [{ ms: -1, calls: power }], 'ticks[0].ms: a number is needed, not -1'],
    [
      'a time that goes backwards',
      [
        { ms: 5, calls: power },
        { ms: 4, calls: power },
      ],
      'ticks[1].ms: 5 or more is needed, not 4',
    ],
    ['a tick without calls', [{ ms: 5 }], 'ticks[0].calls: an object is needed, not nothing'],
    [
      'calls that are a list',
      [{ ms: 5, calls: [] }],
      'ticks[0].calls: an object is needed, not an empty list',
    ],
    [
      'a function that the first moment lacks',
      [{ ms: 5, calls: { nvmlDeviceGetSerial: {} } }],
      'ticks[0].calls: a function of the first moment is needed, not "nvmlDeviceGetSerial"',
    ],
    [
      'a name that every object has',
      [{ ms: 5, calls: { toString: {} } }],
      'ticks[0].calls: a function of the first moment is needed, not "toString"',
    ],
    [
      'answers that are a number',
      [{ ms: 5, calls: { nvmlDeviceGetPowerUsage: 5 } }],
      'ticks[0].calls.nvmlDeviceGetPowerUsage: an object is needed, not 5',
    ],
  ])('is refused in one line for %s', (_, ticks, message) => {
    expect(() => parseSnapshot(withTicks(ticks), 'box')).toThrow(`box: ${message}`);
    expect(message).not.toContain('\n');
  });

  it('is refused for an answer of the wrong type when it is asked at that moment, with its place', () => {
    const bad = parseSnapshot(
      withTicks([{ ms: 5, calls: { nvmlDeviceGetPowerUsage: { gpu0: 'much' } } }]),
      'box',
    );
    const { power } = opened(bad);
    power();
    expect(power).toThrow('box: calls.nvmlDeviceGetPowerUsage[gpu0]: a number is needed, not "much"');
  });
});

/** Reads the power of a GPU, a sample at a time. */
function opened(snapshot: Snapshot) {
  const driver = snapshotDriver(snapshot, 'box');
  const { memory } = ask(driver, call('nvmlDeviceGetHandleByIndex_v2', 0, handle()));
  const gpu = memory[0]?.readBigUInt64LE(0) as Handle;
  const asked = call('nvmlDeviceGetPowerUsage', SUBJECT, u32());
  const bound = driver.bind(asked, gpu);
  const asker = {};
  const power = (who: object = asker): number | undefined => {
    driver.beginSample?.(who);
    return bound?.run() === 0 ? bound.memory[0]?.readUInt32LE(0) : undefined;
  };
  return { driver, power, late: () => driver.bind(asked, gpu) };
}

describe('the moments of a recording', () => {
  it('are answered one after the other, refusals too, and begin again', () => {
    const { power } = opened(machine);
    expect([power(), power(), power()]).toEqual([100, 200, 200]);
    expect(power()).toBeUndefined();
    expect([power(), power()]).toEqual([100, 200]);
  });

  it('are the same for all who ask in turn', () => {
    const { power } = opened(machine);
    const one = {};
    const other = {};
    expect([power(one), power(other), power(one), power(other), power(other)]).toEqual([
      100, 100, 200, 200, 200,
    ]);
  });

  it('are what they were for a call that is made ready later', () => {
    const { power, late } = opened(machine);
    power();
    power();
    const bound = late();
    expect(bound?.run()).toBe(0);
    expect(bound?.memory[0]?.readUInt32LE(0)).toBe(200);
  });

  it('leave the snapshot unchanged', () => {
    const before = structuredClone(machine);
    const { power } = opened(machine);
    for (let i = 0; i < 9; i++) power();
    expect(machine).toEqual(before);
  });

  it('can be expanded to whole moments, and reduced to their changes again', () => {
    const { calls, ticks = [] } = machine;
    const whole = momentsOf(machine);
    expect(whole.map((moment) => moment.nvmlDeviceGetPowerUsage)).toEqual([
      { gpu0: 100, gpu1: 7 },
      { gpu0: 200, gpu1: 7 },
      { gpu0: 200, gpu1: 7 },
      { gpu0: { error: 'NVML_ERROR_GPU_IS_LOST' }, gpu1: 8 },
    ]);
    const changes = whole.slice(1).map((moment, i) => changesBetween(whole[i] as typeof calls, moment));
    expect(changes).toEqual(ticks.map((tick: Tick) => tick.calls));
  });
});
