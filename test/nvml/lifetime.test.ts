import { describe, expect, it } from 'vitest';
import * as nvml from '../../src/nvml.js';
import { machine } from '../fake-nvml/machine.js';
import { closeBehindEach, fake, library } from './opened.js';

closeBehindEach();

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

  it('closes after a callback that returns, throws, or fails later', async () => {
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
