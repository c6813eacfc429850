import { describe, expect, it } from 'vitest';
import { parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';
import { machineWith, runOn } from './monitor-machine.js';

const SECRET = 'hunter2';

/** A recording of an earlier nvsmi, which kept files of processes. */
const earlier: Snapshot = (() => {
  const name = `/home/alice/bin/serve --token=${SECRET}`;
  const machine = machineWith([{ processes: [{ pid: 77, name }] }]);
  const kept = ['cmdline', 'comm', 'status', 'cgroup', 'stat'].map((file) => [`/proc/77/${file}`, SECRET]);
  return { ...machine, files: { ...machine.files, ...Object.fromEntries(kept) } };
})();

async function recorded(...options: readonly string[]): Promise<Snapshot> {
  const { status, io } = await runOn(earlier, ['snapshot', ...options]);
  expect(status).toBe(0);
  return parseSnapshot(io.output, 'recorded');
}

describe('a snapshot', () => {
  it('has no file of a process, and of its name where the program is', async () => {
    const { files, calls } = await recorded();
    expect(Object.keys(files).filter((path) => path.startsWith('/proc/'))).toEqual(
      Object.keys(machineWith([{}]).files).filter((path) => path.startsWith('/proc/')),
    );
    expect(calls.nvmlSystemGetProcessName?.['77']).toBe('/home/user/bin/program');
    expect(JSON.stringify([files, calls])).not.toContain(SECRET);
  });

  it('keeps names as they are where identities are kept, and still no file of a process', async () => {
    const { files, calls } = await recorded('--keep-identities');
    expect(Object.keys(files).filter((path) => path.startsWith('/proc/77'))).toEqual([]);
    expect(calls.nvmlSystemGetProcessName?.['77']).toBe(`/home/alice/bin/serve --token=${SECRET}`);
  });

  it('of an earlier nvsmi still answers', async () => {
    const { status, io } = await runOn(earlier, ['pmon', '-c', '1', '-s', 'm']);
    expect(status).toBe(0);
    expect(io.output).toMatch(/ 77 .*serve/);
  });
});
