/** Answers that cannot be: all ones where a number is, and counts beyond what they count. */
import { describe, expect, it } from 'vitest';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200x2 } from './machines.js';
import { refused } from './made-machine.js';
import { runOn } from './run-on.js';

const ALL_ONES = 0xffffffff;
const ALL_ONES_64 = '18446744073709551615';

/** Two H200s of which the first answers otherwise. */
function h200s(answers: Partial<Record<FunctionName, Json>>): Snapshot {
  const { calls, ...rest } = h200x2();
  const changed = Object.entries(answers).map(([fn, answer]) => [
    fn,
    { ...calls[fn as FunctionName], gpu0: answer },
  ]);
  return { ...rest, calls: { ...calls, ...Object.fromEntries(changed) } };
}

describe('BAR1 memory of all ones', () => {
  const machine = h200s({
    nvmlDeviceGetBAR1MemoryInfo: { bar1Total: ALL_ONES_64, bar1Free: ALL_ONES_64, bar1Used: ALL_ONES_64 },
  });

  it('is absent, not zero', async () => {
    const { out } = await runOn(machine, ['-q', '-d', 'MEMORY', '-i', '0']);
    const [, lines = ''] = /BAR1 Memory Usage\n((?: {8}\S.*\n)+)/.exec(out) ?? [];
    expect(lines.match(/: .*/g)).toEqual([': N/A', ': N/A', ': N/A']);
    const json = JSON.parse((await runOn(machine, ['-q', '-d', 'MEMORY', '--json'])).out);
    expect(json.gpu[0].bar1_memory_usage).toMatchObject({ total: null, used: null, free: null });
    expect(json.gpu[1].bar1_memory_usage.total).toBeGreaterThan(0);
  });
});

describe('a process whose id is all ones', () => {
  const processes = [
    { pid: ALL_ONES, usedGpuMemory: 1048576, gpuInstanceId: ALL_ONES, computeInstanceId: ALL_ONES },
  ];
  const machine = h200s({ nvmlDeviceGetComputeRunningProcesses_v3: processes });

  it('is not process 0, and has no name', async () => {
    const query = ['--query-compute-apps=pid,name,used_memory', '--format=csv,noheader'];
    expect((await runOn(machine, query)).out).toBe('4294967295, [Not Found], 1 MiB\n');
    const summary = JSON.parse((await runOn(machine, ['--json'])).out);
    expect(summary.processes).toMatchObject([{ gpu: 0, pid: ALL_ONES, process_name: null }]);
    const pmon = JSON.parse((await runOn(machine, ['pmon', '-c', '1', '--format', 'json'])).out);
    expect(pmon.processes).toMatchObject([{ gpu: 0, pid: ALL_ONES, process_name: null }]);
    expect((await runOn(machine, ['-q', '-d', 'PIDS'])).out).toMatch(/Process ID +: 4294967295\n/);
  });
});

describe('a corrupt infoROM', () => {
  it('of a GPU without an address is that of the GPU with its index', async () => {
    const machine = h200s({
      nvmlDeviceValidateInforom: refused('CORRUPTED_INFOROM'),
      nvmlDeviceGetPciInfo_v3: refused('UNKNOWN'),
    });
    const { status, out } = await runOn(machine, []);
    expect(out).toContain('WARNING: infoROM is corrupted at gpu 0\n');
    expect(status).toBe(14);
  });
});

describe('a count within a struct', () => {
  it('beyond the array is an error, not so many elements', async () => {
    const machine = h200s({
      nvmlDeviceGetBridgeChipInfo: { bridgeCount: 200, bridgeChipInfo: [{ type: 0, fwVersion: 1 }] },
    });
    const { status, out } = await runOn(machine, ['-q', '-i', '0', '--json']);
    expect(JSON.parse(out).gpu[0].pci.pci_bridge_chip).toMatchObject([
      { bridge_chip_type: null, reasons: { bridge_chip_type: 'Unknown Error' } },
    ]);
    expect(status).toBe(255);
  });
});
