import { describe, expect, it } from 'vitest';
import { call, SUBJECT } from '../../src/nvml/call.js';
import { NVML_ERROR_GPU_IS_LOST } from '../../src/nvml/generated/constants.js';
import { machine } from '../fake-nvml/machine.js';
import { answer, fake, loaded, prototyped } from './loaded.js';
import { u32 } from './outs.js';

describe.skipIf(!fake.available)('faults', () => {
  it('overlaps calls that wait when they are started together', async () => {
    const { driver, gpus } = loaded({
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceGetPcieThroughput', together: 2 }],
    });
    const calls = [0, 1].map((i) => driver.bind(prototyped('nvmlDeviceGetPcieThroughput', [i]), gpus[i]));
    const statuses = await Promise.all(calls.map((bound) => bound?.start()));
    expect(statuses).toEqual([0, 0]);
    expect(calls.map((bound) => bound?.memory[0]?.readUInt32LE(0))).toEqual([100, 400]);
  });

  it('lets calls wait for each other where a machine has a lock', async () => {
    const { driver, gpus } = loaded({
      snapshot: machine,
      delays: { nvmlDeviceGetPowerUsage: 60_000 },
      locked: new Set(['nvmlDeviceGetPowerUsage']),
    });
    const before = performance.now();
    await Promise.all(
      gpus.map((gpu) => driver.bind(call('nvmlDeviceGetPowerUsage', SUBJECT, u32()), gpu)?.start()),
    );
    expect(performance.now() - before).toBeGreaterThanOrEqual(119);
  });

  it('makes more calls on worker threads than koffi takes at a time', async () => {
    const { driver, gpus } = loaded();
    const bound = Array.from({ length: 600 }, () =>
      driver.bind(call('nvmlDeviceGetPowerUsage', SUBJECT, u32()), gpus[0]),
    );
    const statuses = await Promise.all(bound.map((each) => each?.start()));
    expect(statuses.every((status) => status === 0)).toBe(true);
  });

  it('takes the time that a benchmark gives a call', () => {
    const { driver, gpus } = loaded({ snapshot: machine, delays: { nvmlDeviceGetPowerUsage: 300 } });
    const bound = driver.bind(prototyped('nvmlDeviceGetPowerUsage'), gpus[0]);
    bound?.run();
    const begin = performance.now();
    for (let i = 0; i < 10; i++) bound?.run();
    const took = performance.now() - begin;
    expect(bound?.status).toBe(0);
    expect(took).toBeGreaterThanOrEqual(3);
  });

  it('lets one GPU vanish between two runs of the same call', () => {
    const lost = NVML_ERROR_GPU_IS_LOST;
    const { driver, gpus } = loaded({
      snapshot: machine,
      faults: [{ fn: '*', when: ['gpu1'], status: lost, after: 2 }],
    });
    const [one, other] = gpus.map((gpu) => driver.bind(prototyped('nvmlDeviceGetPowerUsage'), gpu));
    expect([1, 2, 3, 4].map(() => one?.run())).toEqual([0, 0, 0, 0]);
    expect([1, 2, 3, 4].map(() => other?.run())).toEqual([0, 0, lost, lost]);
  });

  it('lets a fault pass, and answers change from one tick to the next', () => {
    const later = {
      ...machine,
      calls: {
        ...machine.calls,
        nvmlDeviceGetPowerUsage: { gpu0: 80000, gpu1: { error: 'NVML_ERROR_GPU_IS_LOST' } },
      },
    };
    const { driver, gpus } = loaded({
      snapshot: machine,
      later: { after: 1, snapshot: later },
      faults: [{ fn: 'nvmlDeviceGetTemperature', status: 10, times: 1 }],
    });
    expect([1, 2].map(() => answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[0]))).toEqual([
      71234, 80000,
    ]);
    expect([1, 2].map(() => answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[1]))).toEqual([
      699999,
      { error: 'NVML_ERROR_GPU_IS_LOST' },
    ]);
    expect([1, 2].map(() => answer(driver, prototyped('nvmlDeviceGetTemperature', [0]), gpus[0]))).toEqual([
      { error: 'NVML_ERROR_TIMEOUT' },
      31,
    ]);
  });
});
