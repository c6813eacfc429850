import { describe, expect, it } from 'vitest';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';
import { machine } from '../fake-nvml/machine.js';
import { closeBehindEach, fake, library } from './opened.js';

closeBehindEach();

describe.skipIf(!fake.available)('calls that are laid out once', () => {
  it('differ by each argument, and are made again beyond those that are kept', () => {
    const places = [0, 1].flatMap((gpu) =>
      Array.from({ length: 100 }, (_, i) => [gpu, i % 2, (i >> 1) % 2, i >> 2] as const),
    );
    const answers = places.map(([gpu, ...inputs], i) => [`gpu${gpu},${inputs.join()}`, i] as const);
    const calls = { ...machine.calls, nvmlDeviceGetMemoryErrorCounter: Object.fromEntries(answers) };
    nvml.nvmlInit(library({ snapshot: { ...machine, calls } }));
    const devices = [0, 1].map((i) => nvml.nvmlDeviceGetHandleByIndex(i));
    for (let round = 0; round < 3; round++) {
      const counts = places.map(([gpu, ...inputs]) =>
        nvml.nvmlDeviceGetMemoryErrorCounter(devices[gpu] as nvml.nvmlDevice_t, ...inputs),
      );
      expect(counts).toEqual(places.map((_, i) => i));
    }
  });

  it('differ by field ids of every form, and by the selectors of a struct', () => {
    nvml.nvmlInit(library());
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    const values = (...ids: Parameters<typeof nvml.nvmlDeviceGetFieldValues>[1][number][]): unknown[] =>
      nvml.nvmlDeviceGetFieldValues(device, ids).map(({ value }) => value);
    for (let round = 0; round < 2; round++) {
      expect(values({ fieldId: 20 })).toEqual([0.5]);
      expect(values({ fieldId: 52 })).toEqual([31]);
      expect(values({ fieldId: 186, scopeId: 1 })).toEqual([70000]);
      expect(values([186, 1], 52)).toEqual([70000, 31]);
      const offsets = nvml.nvmlDeviceGetClockOffsets(device, { type: 0, pstate: 0 });
      expect(offsets.clockOffsetMHz).toBe(-15);
      expect(() => nvml.nvmlDeviceGetClockOffsets(device, { type: 2, pstate: 0 })).toThrow(
        nvml.NVMLError_NotSupported,
      );
    }
  });

  it('refuse what only looks like an argument of before', () => {
    nvml.nvmlInit(library());
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    const clock = nvml.nvmlDeviceGetClockInfo as (device: unknown, type: unknown) => number;
    expect(clock(device, 1)).toBe(345);
    expect(() => clock(device, '1')).toThrow('must be a whole number, not string');
    expect(() => clock(String(device), 1)).toThrow('must be a handle, not string');
  });

  it('give results of their own: a later call changes none', () => {
    nvml.nvmlInit(library());
    const devices = [0, 1].map((i) => nvml.nvmlDeviceGetHandleByIndex(i)) as nvml.nvmlDevice_t[];
    const ask = (): unknown[] =>
      devices.flatMap((device) => [
        nvml.nvmlDeviceGetName(device),
        nvml.nvmlDeviceGetUtilizationRates(device),
        nvml.nvmlDeviceGetSupportedMemoryClocks(device),
        nvml.nvmlDeviceGetComputeRunningProcesses(device),
      ]);
    const [first, second] = [ask(), ask()];
    expect(first).toEqual(second);
    (first[1] as { gpu: number }).gpu = 1;
    (first[2] as number[]).push(1);
    expect(ask()).toEqual(second);
  });

  it('stay apart from promises under way on the same arguments', async () => {
    // The first two calls of each function are inside at once, and fill their memories then; the list outgrows its room.
    const faults = [
      { fn: 'nvmlDeviceGetComputeRunningProcesses_v3' as const, together: 2, times: 2 },
      { fn: 'nvmlDeviceGetUtilizationRates' as const, together: 2, times: 2 },
    ];
    nvml.nvmlInit(library({ snapshot: machine, faults }));
    const device = nvml.nvmlDeviceGetHandleByIndex(1);
    const slow = promises.nvmlDeviceGetComputeRunningProcesses(device);
    const processes = nvml.nvmlDeviceGetComputeRunningProcesses(device);
    const rates = promises.nvmlDeviceGetUtilizationRates(device);
    expect(nvml.nvmlDeviceGetUtilizationRates(device)).toEqual({ gpu: 97, memory: 41 });
    expect(await slow).toEqual(processes);
    expect(processes).toHaveLength(100);
    expect(await rates).toEqual({ gpu: 97, memory: 41 });
  });

  it('stay as they are where a promise on the same arguments fails', async () => {
    const faults = [{ fn: 'nvmlDeviceGetUtilizationRates' as const, status: 15, after: 1, times: 1 }];
    nvml.nvmlInit(library({ snapshot: machine, faults }));
    const device = nvml.nvmlDeviceGetHandleByIndex(1);
    const ask = (): unknown => nvml.nvmlDeviceGetUtilizationRates(device);
    expect(ask()).toEqual({ gpu: 97, memory: 41 });
    await expect(promises.nvmlDeviceGetUtilizationRates(device)).rejects.toThrow(nvml.NVMLError_GpuIsLost);
    expect(ask()).toEqual({ gpu: 97, memory: 41 });
  });
});
