import { afterEach, describe, expect, it } from 'vitest';
import { presetOf, writeArrays } from '../../src/nvml/api/encode.js';
import * as layouts from '../../src/nvml/generated/layouts.js';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';
import { buildFake } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';

const fake = await buildFake();
const library = (options: Machine = { snapshot: machine }): { path: string } => ({
  path: fake.with(options).path,
});

afterEach(() => {
  try {
    for (;;) nvml.nvmlShutdown();
  } catch {
    // closed by now
  }
});

describe.skipIf(!fake.available)('opening and closing NVML', () => {
  it('counts who opened it, and calls nvmlInit and nvmlShutdown once', () => {
    const one = fake.with({ snapshot: machine });
    nvml.nvmlInit({ path: one.path });
    nvml.nvmlInit({ path: one.path });
    nvml.nvmlShutdown();
    expect(nvml.nvmlDeviceGetCount()).toBe(2);
    nvml.nvmlShutdown();
    expect(() => nvml.nvmlDeviceGetCount()).toThrow(nvml.NVMLError_Uninitialized);
    expect(() => nvml.nvmlShutdown()).toThrow(nvml.NVMLError_Uninitialized);
    expect(
      one
        .log()
        .map(({ fn }) => fn)
        .filter((fn) => /Init|Shutdown/.test(fn)),
    ).toEqual(['nvmlInit_v2', 'nvmlShutdown']);
  });

  it('opens again after it was closed', () => {
    const options = library();
    nvml.nvmlInit(options);
    nvml.nvmlShutdown();
    nvml.nvmlInit(options);
    expect(nvml.nvmlDeviceGetName(nvml.nvmlDeviceGetHandleByIndex(0))).toBe('NVIDIA Made-Up 100');
  });

  it('closes at the end of a using block, and only once', () => {
    {
      using handle = nvml.openNvml(library());
      expect(nvml.nvmlDeviceGetCount()).toBe(2);
      handle.close();
    }
    expect(() => nvml.nvmlDeviceGetCount()).toThrow(nvml.NVMLError_Uninitialized);
  });

  it('closes behind a callback that returns, throws, or fails later', async () => {
    const options = library();
    expect(nvml.withNvml(() => nvml.nvmlDeviceGetCount(), options)).toBe(2);
    expect(() =>
      nvml.withNvml(() => {
        throw new Error('no');
      }, options),
    ).toThrow('no');
    await expect(
      nvml.withNvml(async () => {
        await Promise.resolve();
        expect(nvml.nvmlDeviceGetCount()).toBe(2);
        throw new Error('later');
      }, options),
    ).rejects.toThrow('later');
    expect(() => nvml.nvmlDeviceGetCount()).toThrow(nvml.NVMLError_Uninitialized);
  });

  it('refuses to open another library while one is open', () => {
    nvml.nvmlInit(library());
    expect(() => nvml.nvmlInit(library())).toThrow(nvml.NVMLError_AlreadyInitialized);
  });

  it('passes on the flags of nvmlInitWithFlags', () => {
    const one = fake.with({ snapshot: machine });
    nvml.nvmlInitWithFlags(nvml.NVML_INIT_FLAG_NO_GPUS, { path: one.path });
    expect(one.log()).toContainEqual({ fn: 'nvmlInitWithFlags', key: '1' });
  });

  it('throws the status of a refused nvmlInit, and stays closed', () => {
    const options = library({
      snapshot: machine,
      faults: [{ fn: 'nvmlInit_v2', status: nvml.NVML_ERROR_DRIVER_NOT_LOADED }],
    });
    expect(() => nvml.nvmlInit(options)).toThrow(nvml.NVMLError_DriverNotLoaded);
    expect(() => nvml.nvmlDeviceGetCount()).toThrow(nvml.NVMLError_Uninitialized);
  });

  it('says what was tried where there is no library', () => {
    expect(() => nvml.nvmlInit({ path: '/nowhere/libnvidia-ml.so.1' })).toThrow(
      nvml.NVMLError_LibraryNotFound,
    );
    expect(() => nvml.nvmlInit({ path: '/nowhere/libnvidia-ml.so.1' })).toThrow('/nowhere/libnvidia-ml.so.1');
  });
});

describe('instanceof NVMLError', () => {
  it('is false for errors of others, whatever they are called', () => {
    for (const name of ['NVMLError', 5, undefined]) {
      expect(Object.assign(new Error('of others'), { name })).not.toBeInstanceOf(nvml.NVMLError);
    }
    expect(Object.assign(new Error('of others'), { name: 5, symbol: 's' })).not.toBeInstanceOf(
      nvml.NVMLError,
    );
  });
});

describe('an error', () => {
  it('has its code, its symbol, its function and the text of NVML', () => {
    let error: unknown;
    try {
      nvml.nvmlDeviceGetCount();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(nvml.NVMLError);
    expect(error).toMatchObject({
      name: 'NVMLError_Uninitialized',
      code: nvml.NVML_ERROR_UNINITIALIZED,
      symbol: 'NVML_ERROR_UNINITIALIZED',
      fn: 'nvmlDeviceGetCount',
      message: 'Uninitialized',
    });
    expect(new nvml.NVMLError_NotSupported().message).toBe('Not Supported');
    expect(nvml.nvmlErrorString(nvml.NVML_ERROR_NO_PERMISSION)).toBe('Insufficient Permissions');
    expect(nvml.nvmlErrorString(nvml.NVML_SUCCESS)).toBe('Success');
  });

  it('names the function as its caller wrote it, whichever version refused', async () => {
    using _nvml = nvml.openNvml({ snapshot: 'h200-x2' });
    const of = (work: () => unknown): string | undefined => {
      try {
        work();
      } catch (error) {
        if (error instanceof nvml.NVMLError) return error.fn;
      }
      return undefined;
    };
    expect(of(() => nvml.nvmlDeviceGetHandleByIndex(9))).toBe('nvmlDeviceGetHandleByIndex');
    expect(of(() => nvml.nvmlDeviceGetHandleByIndex_v2(9))).toBe('nvmlDeviceGetHandleByIndex_v2');
    await expect(promises.nvmlDeviceGetHandleByIndex(9)).rejects.toMatchObject({
      fn: 'nvmlDeviceGetHandleByIndex',
    });
    const another = { snapshot: 't4' };
    expect(of(() => nvml.nvmlInit(another))).toBe('nvmlInit');
    expect(of(() => nvml.nvmlInit_v2(another))).toBe('nvmlInit_v2');
    expect(of(() => nvml.nvmlInitWithFlags(0, another))).toBe('nvmlInitWithFlags');
  });
});

describe.skipIf(!fake.available)('answers', () => {
  it('come as numbers while they are safe, and as bigints beyond', () => {
    nvml.nvmlInit(library());
    const [gpu0, gpu1] = [0, 1].map((i) => nvml.nvmlDeviceGetHandleByIndex(i)) as [
      nvml.nvmlDevice_t,
      nvml.nvmlDevice_t,
    ];
    expect(nvml.nvmlDeviceGetTotalEnergyConsumption(gpu0)).toBe(123456789012);
    expect(nvml.nvmlDeviceGetTotalEnergyConsumption(gpu1)).toBe(18446744073709551614n);
  });

  it('have null where NVML marks a value as not available', () => {
    nvml.nvmlInit(library());
    const [first] = nvml.nvmlDeviceGetComputeRunningProcesses(nvml.nvmlDeviceGetHandleByIndex(1));
    expect(first).toEqual({
      pid: 1000,
      usedGpuMemory: 512 * 2 ** 20,
      gpuInstanceId: null,
      computeInstanceId: null,
    });
  });

  it('grow with what there is, however many', () => {
    nvml.nvmlInit(library());
    expect(nvml.nvmlDeviceGetComputeRunningProcesses_v3(nvml.nvmlDeviceGetHandleByIndex(1))).toHaveLength(
      100,
    );
    const { procArray } = nvml.nvmlDeviceGetRunningProcessDetailList(nvml.nvmlDeviceGetHandleByIndex(1), {
      mode: 0,
    });
    expect(procArray).toHaveLength(40);
    expect(
      nvml.nvmlDeviceGetTopologyNearestGpus(nvml.nvmlDeviceGetHandleByIndex(0), nvml.NVML_TOPOLOGY_SYSTEM),
    ).toEqual([nvml.nvmlDeviceGetHandleByIndex(1)]);
  });

  it('give field values each with its own status', () => {
    nvml.nvmlInit(library());
    const values = nvml.nvmlDeviceGetFieldValues(nvml.nvmlDeviceGetHandleByIndex(0), [
      20,
      21,
      22,
      23,
      24,
      25,
      { fieldId: 186, scopeId: 1 },
      [83, 0],
    ]);
    expect(values.map(({ value }) => value)).toEqual([
      0.5,
      4294967296,
      -5000000000,
      -5,
      65535,
      null,
      70000,
      18446744073709551615n,
    ]);
    expect(values[5]?.nvmlReturn).toBe(nvml.NVML_ERROR_NOT_SUPPORTED);
  });

  it('give what clearing field values left of each', async () => {
    const one = fake.with({
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceClearFieldValues', status: nvml.NVML_SUCCESS, times: 2 }],
    });
    nvml.nvmlInit({ path: one.path });
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    const cleared = nvml.nvmlDeviceClearFieldValues(device, [[138, 3], 139]);
    expect(cleared.map(({ fieldId, scopeId, nvmlReturn }) => [fieldId, scopeId, nvmlReturn])).toEqual([
      [138, 3, 0],
      [139, 0, 0],
    ]);
    expect(await promises.nvmlDeviceClearFieldValues(device, [[138, 3], 139])).toEqual(cleared);
    expect(one.log().at(-1)).toEqual({ fn: 'nvmlDeviceClearFieldValues', key: 'gpu0,2' });
    const [wanted] = await promises.nvmlDeviceGetFieldValues(device, [52]);
    expect(wanted?.value).toBe(31);
    expect(() => nvml.nvmlDeviceClearFieldValues(device, [138])).toThrow(nvml.NVMLError_FunctionNotFound);
  });

  it('come from the newest version that the driver has, in the newest form', async () => {
    const old = await buildFake({
      without: [
        'nvmlDeviceGetCount_v2',
        'nvmlDeviceGetComputeRunningProcesses_v3',
        'nvmlDeviceGetComputeRunningProcesses_v2',
      ],
    });
    const snapshot = {
      ...machine,
      calls: {
        ...machine.calls,
        nvmlDeviceGetCount: { '': 2 },
        nvmlDeviceGetComputeRunningProcesses: { gpu0: [{ pid: 7, usedGpuMemory: 4096 }] },
      },
    };
    nvml.nvmlInit({ path: old.with({ snapshot }).path });
    expect(nvml.nvmlDeviceGetCount()).toBe(2);
    expect(nvml.nvmlDeviceGetComputeRunningProcesses(nvml.nvmlDeviceGetHandleByIndex(0))).toEqual([
      { pid: 7, usedGpuMemory: 4096, gpuInstanceId: null, computeInstanceId: null },
    ]);
    expect(() => nvml.nvmlDeviceGetCount_v2()).toThrow(nvml.NVMLError_FunctionNotFound);
  });

  it('are refused to arguments of the wrong type before NVML sees them', () => {
    nvml.nvmlInit(library());
    const wrong = nvml.nvmlDeviceGetName as (device: unknown) => string;
    expect(() => wrong(undefined)).toThrow(TypeError);
    expect(() => wrong(0)).toThrow('nvmlDeviceGetName: device must be a handle, not 0');
    expect(() => nvml.nvmlDeviceGetHandleByIndex(0.5)).toThrow('index must be a whole number, not 0.5');
  });
});

describe.skipIf(!fake.available)('calls that are laid out once', () => {
  it('are told apart by each argument, and are made anew beyond those that are kept', () => {
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

  it('are told apart by field ids of every form, and by what a struct asks', () => {
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

describe('structs that NVML reads', () => {
  it('are written field by field, arrays with their counts', () => {
    const layout = layouts.nvmlWorkloadPowerProfileRequestedProfiles_v1_t;
    const given = { requestedProfilesMask: { mask: [5, 0, 9] } };
    expect(presetOf(layout, given)).toEqual({});
    const memory = Buffer.alloc(layout.size);
    writeArrays(memory, 0, layout, given);
    expect([4, 8, 12, 16].map((at) => memory.readUInt32LE(at))).toEqual([5, 0, 9, 0]);
  });

  it('take texts, numbers, flags and nested structs by name', () => {
    expect(presetOf(layouts.nvmlUUID_v1_t, { type: 1, value: { str: 'GPU-1' } })).toEqual({
      type: 1,
      'value.str': 'GPU-1',
    });
    expect(presetOf(layouts.nvmlPciInfo_t, { bus: 6, busId: '00000000:06:00.0' })).toEqual({
      bus: 6,
      busId: '00000000:06:00.0',
    });
  });

  it('count the metrics that are asked for', () => {
    const layout = layouts.nvmlGpmMetricsGet_t;
    const memory = Buffer.alloc(layout.size);
    writeArrays(memory, 0, layout, { metrics: [{ metricId: 2 }, { metricId: 20 }] });
    expect(memory.readUInt32LE(layout.fields.numMetrics[1])).toBe(2);
    expect(
      [0, 1].map((i) => memory.readUInt32LE(layout.fields.metrics[1] + i * layouts.nvmlGpmMetric_t.size)),
    ).toEqual([2, 20]);
  });

  it('refuse more items than there is room for', () => {
    const layout = layouts.nvmlWorkloadPowerProfileRequestedProfiles_v1_t;
    const mask = Array.from({ length: 9 }, () => 1);
    expect(() =>
      writeArrays(Buffer.alloc(layout.size), 0, layout, { requestedProfilesMask: { mask } }),
    ).toThrow(RangeError);
  });
});

describe('a recording', () => {
  it('answers the functions of NVML too', () => {
    using _nvml = nvml.openNvml({ snapshot: 'h100-x1' });
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    expect(nvml.nvmlDeviceGetName(device)).toBe('NVIDIA H100 80GB HBM3');
    expect(nvml.nvmlDeviceGetMemoryInfo_v2(device).total).toBe(81559 * 2 ** 20);
    expect(nvml.nvmlDeviceGetHandleByUUID(nvml.nvmlDeviceGetUUID(device))).toBe(device);
    expect(() => nvml.nvmlDeviceGetFanSpeed(device)).toThrow(nvml.NVMLError_NotSupported);
    expect(() => nvml.nvmlDeviceSetPersistenceMode(device, nvml.NVML_FEATURE_ENABLED)).toThrow(
      nvml.NVMLError_FunctionNotFound,
    );
  });
});
