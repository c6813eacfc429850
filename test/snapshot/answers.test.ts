import { describe, expect, it } from 'vitest';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';
import { buildFake } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import { closeBehindEach, fake, library } from '../nvml/opened.js';

closeBehindEach();

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
