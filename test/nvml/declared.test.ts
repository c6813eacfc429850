import { afterEach, describe, expect, it } from 'vitest';
import { takesArgument } from '../../src/nvml/functions/caller.js';
import * as entries from '../../src/nvml/generated/entries.js';
import { changing } from '../../src/nvml/generated/prototypes.js';
import * as nvml from '../../src/nvml.js';
import { Declared } from '../declared.js';

const declared = new Declared('src/nvml.ts');
const functions = nvml as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** Functions that only read, and take a GPU or nothing. */
const getters = Object.entries(entries)
  .filter(([name, { fn, params }]) => {
    const inputs = params.filter(takesArgument);
    const isOfGpu = inputs.length === 1 && inputs[0]?.[0] === 'handle' && inputs[0][2] === 'device';
    return !changing.has(fn) && (inputs.length === 0 || isOfGpu) && name in functions;
  })
  .map(([name, { params }]) => ({ name, takesGpu: params.some(takesArgument) }));

/** Where the results of all getters on a machine are not as declared. Refusals are no results. */
function faultsOf(device: nvml.nvmlDevice_t): { answered: number; faults: string[] } {
  let answered = 0;
  const faults = getters.flatMap(({ name, takesGpu }) => {
    let result: unknown;
    try {
      result = functions[name]?.(...(takesGpu ? [device] : []));
    } catch {
      return [];
    }
    answered++;
    return declared.ofResult(name, result) ?? [];
  });
  return { answered, faults };
}

afterEach(() => nvml.nvmlShutdown());

describe('what the functions of NVML return', () => {
  it.each(['h200-x2', 'h100-x1', 'a100-mig', 't4', 'rtx-4090'])('is what they declare, on %s', (snapshot) => {
    nvml.nvmlInit({ snapshot });
    const { answered, faults } = faultsOf(nvml.nvmlDeviceGetHandleByIndex(0));
    expect(faults).toEqual([]);
    expect(answered).toBeGreaterThan(30);
  });

  it('is an object for the branch of the driver', () => {
    nvml.nvmlInit({ snapshot: 'h200-x2' });
    const branch: nvml.nvmlSystemDriverBranchInfo_t = nvml.nvmlSystemGetDriverBranch();
    expect(branch.branch).toMatch(/^r\d+/);
  });

  it('is as declared for field values, those that are refused too', () => {
    nvml.nvmlInit({ snapshot: 'h200-x2' });
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    const values = nvml.nvmlDeviceGetFieldValues(device, [
      nvml.NVML_FI_DEV_MEMORY_TEMP,
      nvml.NVML_FI_DEV_POWER_INSTANT,
      99999,
    ]);
    expect(declared.ofResult('nvmlDeviceGetFieldValues', values)).toBeUndefined();
  });

  it('would be noticed where it is not', () => {
    nvml.nvmlInit({ snapshot: 'h200-x2' });
    expect(declared.ofResult('nvmlDeviceGetName', 7)).toBe('nvmlDeviceGetName: 7 is no string');
    expect(declared.ofResult('nvmlDeviceGetMemoryInfo', { total: 1n, free: 2 })).toBe(
      'nvmlDeviceGetMemoryInfo.used is missing',
    );
    expect(declared.ofResult('nvmlDeviceGetCudaComputeCapability', [9])).toMatch(/\[9\] is no \[major/);
  });
});
