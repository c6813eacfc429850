/** The library on a recording that moves. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Nvsmi, open } from '../../src/index.js';
import * as nvml from '../../src/nvml.js';
import { nvmlDeviceGetUtilizationRates as later } from '../../src/nvml-promises.js';
import { THREE_MOMENTS } from '../commands/moving-machine.js';
import { temporaryFolder } from '../temporary.js';

function machineFile(): string {
  const path = join(temporaryFolder(), 'moving.json');
  writeFileSync(path, JSON.stringify(THREE_MOMENTS));
  return path;
}

/** What `ask` gives, so many times. */
const times = <T>(count: number, ask: () => T): readonly T[] => Array.from({ length: count }, ask);

describe('an open recording that moves', () => {
  const opened = (): Nvsmi => open({ snapshot: machineFile() });

  it('is a moment further at each sample of a query, and begins again after the last', () => {
    using nvsmi = opened();
    const query = nvsmi.query(['utilization.gpu', 'power.draw']);
    expect(times(4, () => query.sample()[0])).toEqual([
      { 'utilization.gpu': 10, 'power.draw': 110 },
      { 'utilization.gpu': 20, 'power.draw': 120 },
      { 'utilization.gpu': 30, 'power.draw': 130 },
      { 'utilization.gpu': 10, 'power.draw': 110 },
    ]);
  });

  it('is a moment further at each sample of a watch', async () => {
    using nvsmi = opened();
    const seen: unknown[] = [];
    for await (const [gpu] of nvsmi.watch(['utilization.gpu'], { everyMs: 1 })) {
      seen.push(gpu?.['utilization.gpu']);
      if (seen.length === 5) break;
    }
    expect(seen).toEqual([10, 20, 30, 10, 20]);
  });

  it('is at the same moment for all queries that are sampled in turn', async () => {
    using nvsmi = opened();
    const load = nvsmi.query(['utilization.gpu']);
    const memory = nvsmi.query(['memory.used']);
    const round = async () => [
      load.sample()[0]?.['utilization.gpu'],
      (await memory.sampleAsync())[0]?.['memory.used'],
      nvsmi.processes()[0]?.used_gpu_memory,
      (await nvsmi.report({ groups: ['UTILIZATION'] })).gpu[0]?.utilization?.gpu_util,
      nvsmi.deviceQuery('utilization.gpu').gpu?.[0]?.utilization?.gpu_util,
    ];
    const rounds = [await round(), await round(), await round(), await round()];
    expect(rounds).toEqual([
      [10, 1000, 900, 10, 10],
      [20, 2000, 1800, 20, 20],
      [30, 3000, 2700, 30, 30],
      [10, 1000, 900, 10, 10],
    ]);
  });

  it('moves where only processes, reports or device queries are asked', async () => {
    using one = opened();
    expect(times(3, () => one.processes()[0]?.used_gpu_memory)).toEqual([900, 1800, 2700]);
    using other = opened();
    const reports = [await other.report(), await other.report()];
    expect(reports.map(({ gpu }) => gpu[0]?.utilization?.gpu_util)).toEqual([10, 20]);
    expect(reports.map(({ gpu }) => gpu[0]?.processes?.[0]?.used_memory)).toEqual([900, 1800]);
    using third = opened();
    const asked = times(3, () => third.deviceQuery('utilization.gpu').gpu?.[0]?.utilization?.gpu_util);
    expect(asked).toEqual([10, 20, 30]);
  });

  it('stays where it is for what does not change', () => {
    using nvsmi = opened();
    const query = nvsmi.query(['name', 'utilization.gpu']);
    expect(new Set(times(4, () => query.sample()[0]?.name)).size).toBe(1);
  });
});

describe("NVML's functions on a recording that moves", () => {
  afterEach(() => nvml.nvmlShutdown());

  const opened = (): ReturnType<typeof nvml.nvmlDeviceGetHandleByIndex> => {
    nvml.nvmlInit({ snapshot: machineFile() });
    return nvml.nvmlDeviceGetHandleByIndex(0);
  };

  it('answer as of the next moment where one is called again on the same', async () => {
    const gpu = opened();
    const round = () => [
      nvml.nvmlDeviceGetUtilizationRates(gpu).gpu,
      nvml.nvmlDeviceGetPowerUsage(gpu),
      nvml.nvmlDeviceGetTotalEnergyConsumption(gpu),
    ];
    expect([round(), round(), round(), round()]).toEqual([
      [10, 110_000, 1_000_000],
      [20, 120_000, 1_100_000],
      [30, 130_000, 1_200_000],
      [10, 110_000, 1_000_000],
    ]);
    expect((await later(gpu)).gpu).toBe(20);
    expect(nvml.nvmlDeviceGetUtilizationRates(gpu).gpu).toBe(30);
  });

  it('stay at a moment however often what does not change is asked', () => {
    const gpu = opened();
    times(5, () => nvml.nvmlDeviceGetName(gpu));
    times(5, () => nvml.nvmlDeviceGetCount());
    expect(nvml.nvmlDeviceGetUtilizationRates(gpu).gpu).toBe(10);
  });

  it('answer the samples that are newer than a time, in the next round too', () => {
    const gpu = opened();
    const asked = (since: number | bigint) =>
      nvml.nvmlDeviceGetProcessesUtilizationInfo(gpu, { lastSeenTimeStamp: since }).procUtilArray;
    let since: number | bigint = 0;
    const seen = times(5, () => {
      const [sample] = asked(since);
      const isNewer = (sample?.timeStamp ?? 0) > since;
      since = sample?.timeStamp ?? since;
      return [sample?.smUtil, isNewer];
    });
    expect(seen).toEqual([
      [5, true],
      [10, true],
      [15, true],
      [5, true],
      [10, true],
    ]);
    expect(() => asked(Number(since) + 1e9)).toThrow(nvml.NVMLError_NotFound);
  });

  it('begin with the first moment after a new nvmlInit', () => {
    const path = machineFile();
    const first = (): number => {
      nvml.nvmlInit({ snapshot: path });
      const gpu = nvml.nvmlDeviceGetHandleByIndex(0);
      const [asked = 0] = times(2, () => nvml.nvmlDeviceGetUtilizationRates(gpu).gpu);
      return asked;
    };
    expect(first()).toBe(10);
    nvml.nvmlShutdown();
    expect(first()).toBe(10);
  });
});
