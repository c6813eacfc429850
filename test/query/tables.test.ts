import { describe, expect, it } from 'vitest';
import { Missing, NOT_SUPPORTED } from '../../src/nvml/status.js';
import { accountedApps } from '../../src/query/tables/accounted-apps.js';
import { computeApps } from '../../src/query/tables/compute-apps.js';
import { retiredPages } from '../../src/query/tables/retired-pages.js';
import { supportedClocks } from '../../src/query/tables/supported-clocks.js';
import { refused } from '../commands/made-machine.js';
import { recordsOf, rowOf } from './small-machine.js';

const process = (pid: number, usedGpuMemory: number | string = 1024) => ({
  pid,
  usedGpuMemory,
  gpuInstanceId: 0xffffffff,
  computeInstanceId: 0xffffffff,
});

describe('--query-compute-apps', () => {
  const calls = {
    nvmlDeviceGetMigMode: { gpu0: refused('NOT_SUPPORTED') },
    nvmlDeviceGetComputeRunningProcesses_v3: { gpu0: [process(7), process(3, '18446744073709551615')] },
    nvmlSystemGetProcessName: { 7: 'python3', 3: refused('NOT_FOUND') },
  };

  it("lists a GPU's processes in NVML's order, with memory and name or why they are missing", () => {
    expect(recordsOf(computeApps, calls).records).toMatchObject([
      { pid: 7, used_gpu_memory: 1024, process_name: 'python3' },
      { pid: 3, used_gpu_memory: NOT_SUPPORTED, process_name: Missing.of(6) },
    ]);
  });

  it('asks for no process name unless it is a column', () => {
    const { records, probes } = recordsOf(computeApps, calls, new Set([rowOf(computeApps, 'pid')]));
    expect(records.map(({ pid }) => pid)).toEqual([7, 3]);
    expect(probes).toEqual(['nvmlDeviceGetMigMode', 'nvmlDeviceGetComputeRunningProcesses_v3']);
  });

  it('lists them on the MIG devices of a divided GPU, past the gaps in their numbers', () => {
    const { records } = recordsOf(
      computeApps,
      {
        nvmlDeviceGetMigMode: { gpu0: [1, 1] },
        nvmlDeviceGetMaxMigDeviceCount: { gpu0: 3 },
        nvmlDeviceGetMigDeviceHandleByIndex: {
          'gpu0,0': 'gpu0/mig0',
          'gpu0,1': refused('NOT_FOUND'),
          'gpu0,2': 'gpu0/mig2',
        },
        nvmlDeviceGetComputeRunningProcesses_v3: {
          gpu0: [process(1)],
          'gpu0/mig0': [process(10), process(11)],
          'gpu0/mig2': [process(12)],
        },
      },
      new Set([rowOf(computeApps, 'pid')]),
    );
    expect(records.map(({ pid }) => pid)).toEqual([10, 11, 12]);
  });

  it('reads the lists of older drivers', () => {
    const { records } = recordsOf(computeApps, {
      nvmlDeviceGetComputeRunningProcesses: { gpu0: [{ pid: 5, usedGpuMemory: 77 }] },
    });
    expect(records.map(({ pid, used_gpu_memory: memory }) => [pid, memory])).toEqual([[5, 77]]);
  });

  it('says why there are no records where the list is refused', () => {
    const calls = { nvmlDeviceGetComputeRunningProcesses_v3: { gpu0: refused('NO_PERMISSION') } };
    expect(() => recordsOf(computeApps, calls)).toThrow('Insufficient Permissions');
  });

  it('takes all ones for the id of no process, and asks for no name', () => {
    const { records, probes } = recordsOf(computeApps, {
      nvmlDeviceGetComputeRunningProcesses_v3: { gpu0: [process(0xffffffff)] },
    });
    expect(records.map(({ pid, process_name: name }) => [pid, name])).toEqual([[0xffffffff, Missing.of(6)]]);
    expect(probes.filter((name) => name.startsWith('process name'))).toEqual([]);
  });
});

describe('--query-accounted-apps', () => {
  const stats = { gpuUtilization: 90, memoryUtilization: 0xffffffff, maxMemoryUsage: 4096, time: 1500 };
  const calls = {
    nvmlDeviceGetAccountingPids: { gpu0: [21, 22] },
    nvmlDeviceGetAccountingStats: { 'gpu0,21': stats, 'gpu0,22': refused('NOT_FOUND') },
  };

  it('has the statistics of each process, or why there are none', () => {
    const gone = Missing.of(6);
    expect(recordsOf(accountedApps, calls).records).toMatchObject([
      {
        pid: 21,
        vgpu_instance: NOT_SUPPORTED,
        gpu_utilization: 90,
        mem_utilization: NOT_SUPPORTED,
        max_memory_usage: 4096,
        time: 1500,
      },
      {
        pid: 22,
        vgpu_instance: NOT_SUPPORTED,
        gpu_utilization: gone,
        mem_utilization: gone,
        max_memory_usage: gone,
        time: gone,
      },
    ]);
  });

  it('reads the newer statistics, which take the pid in the struct', () => {
    const newer = { nvmlDeviceGetAccountingStats_v2: { 'gpu0,pid=21': { ...stats, pid: 21 } } };
    const { records } = recordsOf(accountedApps, { ...calls, ...newer });
    expect(records[0]).toMatchObject({ pid: 21, gpu_utilization: 90, time: 1500 });
  });

  it('asks for no statistics where only pids are columns', () => {
    const { probes } = recordsOf(accountedApps, calls, new Set([rowOf(accountedApps, 'pid')]));
    expect(probes).toEqual(['nvmlDeviceGetAccountingPids']);
  });
});

describe('--query-supported-clocks', () => {
  const calls = {
    nvmlDeviceGetSupportedMemoryClocks: { gpu0: [3201, 2201] },
    nvmlDeviceGetSupportedGraphicsClocks: { 'gpu0,3201': [1980, 1965], 'gpu0,2201': [1980] },
  };

  it('pairs each memory clock with its graphics clocks', () => {
    expect(recordsOf(supportedClocks, calls).records).toMatchObject([
      { memory: 3201, graphics: 1980 },
      { memory: 3201, graphics: 1965 },
      { memory: 2201, graphics: 1980 },
    ]);
  });

  it('has one record per memory clock, and asks for no others, where only those are columns (H200)', () => {
    const { records, probes } = recordsOf(supportedClocks, calls, new Set([rowOf(supportedClocks, 'mem')]));
    expect(records).toEqual([{ memory: 3201 }, { memory: 2201 }]);
    expect(probes).toEqual(['nvmlDeviceGetSupportedMemoryClocks']);
  });

  it('has one record that says why there are no clocks', () => {
    const none = { nvmlDeviceGetSupportedMemoryClocks: { gpu0: refused('NOT_SUPPORTED') } };
    expect(recordsOf(supportedClocks, none).records).toMatchObject([
      { memory: NOT_SUPPORTED, graphics: NOT_SUPPORTED },
    ]);
  });
});

describe('--query-retired-pages', () => {
  it('has one record per cause on a GPU that retires no pages (H100, H200)', () => {
    const none = { 'gpu0,0': refused('NOT_SUPPORTED'), 'gpu0,1': refused('NOT_SUPPORTED') };
    expect(recordsOf(retiredPages, { nvmlDeviceGetRetiredPages_v2: none }).records).toMatchObject([
      {
        'retired_pages.address': NOT_SUPPORTED,
        'retired_pages.timestamp': NOT_SUPPORTED,
        'retired_pages.cause': 'Single Bit ECC',
      },
      {
        'retired_pages.address': NOT_SUPPORTED,
        'retired_pages.timestamp': NOT_SUPPORTED,
        'retired_pages.cause': 'Double Bit ECC',
      },
    ]);
  });

  it('lists addresses with the times beside them', () => {
    const { records } = recordsOf(retiredPages, {
      nvmlDeviceGetRetiredPages_v2: {
        'gpu0,0': [[], []],
        'gpu0,1': [
          [0x5b1, 0x5b2, 0x5b3],
          [1700000001, 1700000002, 1700000003],
        ],
      },
    });
    expect(records).toEqual([
      {
        'retired_pages.address': 0x5b1,
        'retired_pages.timestamp': 1700000001,
        'retired_pages.cause': 'Double Bit ECC',
      },
      {
        'retired_pages.address': 0x5b2,
        'retired_pages.timestamp': 1700000002,
        'retired_pages.cause': 'Double Bit ECC',
      },
      {
        'retired_pages.address': 0x5b3,
        'retired_pages.timestamp': 1700000003,
        'retired_pages.cause': 'Double Bit ECC',
      },
    ]);
  });

  it('lists addresses alone on drivers that do not know the times', () => {
    const { records } = recordsOf(retiredPages, {
      nvmlDeviceGetRetiredPages: { 'gpu0,0': [0x10], 'gpu0,1': [] },
    });
    expect(records).toEqual([
      {
        'retired_pages.address': 0x10,
        'retired_pages.timestamp': NOT_SUPPORTED,
        'retired_pages.cause': 'Single Bit ECC',
      },
    ]);
  });
});
