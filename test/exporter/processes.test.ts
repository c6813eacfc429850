import { describe, expect, it } from 'vitest';
import { Collection } from '../../src/exporter/collection.js';
import { nvsmiDialect } from '../../src/exporter/dialects/nvsmi.js';
import { exposition } from '../../src/exporter/exposition.js';
import { openSession } from '../../src/nvml/session.js';
import { Asker } from '../../src/query/ask/asker.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { recordedFiles } from '../../src/system/files.js';
import { machineWith, type RunningProcess } from '../commands/monitor-machine.js';
import { moving, PID, THREE_MOMENTS } from '../commands/moving-machine.js';
import { EVERYTHING } from './collected.js';

const nvsmi = nvsmiDialect(['gpu'], 'node-1');

/** The lines about processes, collection by collection. */
async function collections(snapshot: Snapshot, times: number): Promise<readonly (readonly string[])[]> {
  const { driver } = openSnapshot(snapshot, 'samples');
  const session = openSession(driver);
  const collection = new Collection(
    new Asker(session),
    recordedFiles({}),
    session.gpus,
    EVERYTHING,
    () => 1_795_000_000_000,
  );
  const all: (readonly string[])[] = [];
  for (let i = 0; i < times; i++) {
    const text = await exposition(nvsmi.fold(await collection.collect(() => 0)), 'text');
    all.push(text.split('\n').filter((line) => line.startsWith('nvsmi_process_')));
  }
  return all;
}

describe('the series of a process', () => {
  it('have what it used of the engines in the newest sample', async () => {
    const [first = [], second = []] = await collections(THREE_MOMENTS, 2);
    const of = (lines: readonly string[], name: string): number =>
      Number(
        lines
          .find((line) => line.startsWith(`nvsmi_process_${name}{`) && line.includes(`pid="${PID}"`))
          ?.split(' ')
          .at(-1),
      );
    expect(of(first, 'utilization_sm_ratio')).toBe(0.05);
    expect(of(second, 'utilization_sm_ratio')).toBe(0.1);
    expect(of(second, 'used_memory_bytes')).toBe(1800 * 2 ** 20);
  });

  it('end with it', async () => {
    const process = (pid: number): RunningProcess => ({
      pid,
      name: '/usr/bin/python',
      fbMiB: 100,
      use: { smUtil: 7 },
    });
    const machine = (...pids: readonly number[]): Snapshot =>
      machineWith([
        { sm: 7, mem: 1, watts: 100, gtemp: 40, fbMiB: 200, rxKB: 0, processes: pids.map(process) },
      ]);
    const [both = [], one = []] = await collections(moving([machine(11, 12), machine(12)]), 2);
    const pids = (lines: readonly string[]): ReadonlySet<string | undefined> =>
      new Set(lines.map((line) => /pid="(\d+)"/.exec(line)?.[1]));
    expect(pids(both)).toEqual(new Set(['11', '12']));
    expect(pids(one)).toEqual(new Set(['12']));
  });
});
