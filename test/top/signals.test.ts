/** Signals of the monitor to real processes that a made-up GPU lists, in a real terminal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cellsOf } from '../../src/format/graphemes.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { fake } from '../deadline/stuck.js';
import { hasTmux, Tmux } from './tmux.js';

const snapshot = JSON.parse(
  readFileSync(new URL('../../snapshots/h200-x2.json', import.meta.url), 'utf8'),
) as Snapshot;

/** A process that does nothing, and is on the first GPU. */
function listed(
  argv: readonly string[] = [],
  { argv0 = 'sleep', name = 'NVIDIA H200' } = {},
): { readonly tmux: Tmux; readonly child: ChildProcess } {
  const child = spawn('sleep', ['300'], { argv0 });
  const none = 4294967295;
  const process = {
    pid: child.pid ?? 0,
    usedGpuMemory: 1024 ** 3,
    gpuInstanceId: none,
    computeInstanceId: none,
  };
  const calls = {
    ...snapshot.calls,
    nvmlDeviceGetName: { gpu0: name, gpu1: name },
    nvmlDeviceGetComputeRunningProcesses_v3: { gpu0: [process], gpu1: [] },
  };
  const library = fake.with({ snapshot: { ...snapshot, calls } });
  const tmux = new Tmux({ columns: 120, rows: 30 });
  onTestFinished(() => {
    tmux.close();
    child.kill('SIGKILL');
  });
  tmux.run(['--nvml', library.path, 'top', '-d', '0.2', ...argv]);
  return { tmux, child };
}

const ended = (child: ChildProcess): Promise<NodeJS.Signals | null> =>
  new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));

describe.skipIf(!hasTmux || !fake.available)('signals in a terminal', { timeout: 60_000 }, () => {
  it('are sent once the question is answered with y, and the page of the process says that it is gone', async () => {
    const { tmux, child } = listed();
    await tmux.until(/sleep 300/);
    tmux.keys('Down', 'F9');
    await tmux.until(new RegExp(`^Send SIGTERM to process ${child.pid} \\(sleep\\)\\?`, 'm'));
    tmux.keys('n');
    await tmux.until(/^Nothing was sent\./m);
    expect(child.signalCode).toBeNull();
    tmux.keys('Enter');
    await tmux.until(/^command +sleep 300/m);
    const end = ended(child);
    tmux.keys('k');
    await tmux.until(/^Send SIGTERM/m);
    tmux.keys('y');
    await tmux.until(new RegExp(`^SIGTERM sent to process ${child.pid}\\.`, 'm'));
    expect(await end).toBe('SIGTERM');
    tmux.keys('q', 'q');
    await tmux.until(() => !tmux.isAlternate);
  });

  it('are not there with --readonly', async () => {
    const { tmux, child } = listed(['--readonly']);
    const screen = await tmux.until(/sleep 300/);
    expect(screen).not.toMatch(/F9/);
    tmux.keys('Down', 'F9', 'k', 'K', 'y');
    tmux.keys('?');
    await tmux.until(/^Keys$/m);
    expect(tmux.screen).not.toContain('SIGTERM');
    expect(child.signalCode).toBeNull();
  });

  it('and names that are hostile: they do not speak to the terminal, and what follows them is where it belongs', async () => {
    const argv0 = '\x1b]0;taken\x07\x1b[2J\u202eexe.gpj 训练 👨‍👩‍👧 e\u0301';
    const { tmux } = listed([], { argv0, name: 'NVIDIA \x1b[31m显卡\x07 👩‍🔬' });
    const screen = await tmux.until(/gpj 训练.* 300$/m);
    expect(screen).toContain('?]0;taken??[2J?exe.gpj 训练');
    expect(tmux.title).not.toContain('taken');
    const rows = screen.split('\n').filter((line) => / ok *$/.test(line));
    expect(rows).toHaveLength(2);
    expect(rows.every((line) => line.includes('?[31m显卡?'))).toBe(true);
    // The last column of both lines begins below its head.
    expect(rows.map((line) => cellsOf(line.slice(0, line.lastIndexOf('ok'))))).toEqual(
      Array(2).fill(screen.split('\n')[1]?.indexOf('Health')),
    );
  });
});
