import { describe, expect, it } from 'vitest';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';
import { closeBehindEach } from './opened.js';

closeBehindEach();

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
