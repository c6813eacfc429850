import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { started } from '../program.js';
import { folderOfFile } from '../temporary.js';
import { MACHINE } from './run.js';

const folder = folderOfFile();

describe('the program', () => {
  it('ends with 0 where the shell closed stdout, which is /dev/null to Node', () => {
    const [file, argv] = started(QUERY);
    const { status, stderr } = spawnSync('bash', ['-c', '"$0" "$@" >&-', file, ...argv], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each(['dmon', 'pmon'])(
    'refuses %s a file that cannot be made, as recorded, and says why on stderr',
    (command) => {
      const ran = run([command, '--snapshot', MACHINE, '-c', '1', '-f', '/nonexist/x']);
      expect(ran).toMatchObject({ status: 255, stdout: 'Failed to process command line \n\n' });
      expect(ran.stderr).toMatch(/^cannot create the file: ENOENT: .*'\/nonexist\/x'\n$/);
    },
  );

  const QUERY = ['--query-gpu=index,name', '--format=csv', '--snapshot', MACHINE];
  const run = (argv: readonly string[], stdout: 'pipe' | number = 'pipe') =>
    spawnSync(...started(argv), { encoding: 'utf8', stdio: ['ignore', stdout, 'pipe'] });

  it('prints a recorded machine', () => {
    expect(run(QUERY)).toMatchObject({
      status: 0,
      stdout: 'index, name\n0, NVIDIA H200\n1, NVIDIA H200\n',
      stderr: '',
    });
  });

  it('reads the stdin of apply', () => {
    const [file, argv] = started(['apply', '-', '--dry-run', '--snapshot', MACHINE]);
    const input = '{"schema_version":1,"gpus":[{"gpu":0,"power_limit":400}]}';
    const { status, stdout } = spawnSync(file, argv, { encoding: 'utf8', input });
    expect(stdout).toMatch(/^GPU 0 .*:\n {2}power.limit: 700.00 W -> 400.00 W\n/);
    expect(status).toBe(0);
  });

  it('writes a real file with -f', () => {
    const file = join(folder, 'real.csv');
    expect(run([...QUERY, '-f', file])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe('index, name\n0, NVIDIA H200\n1, NVIDIA H200\n');
  });

  const hasFull = existsSync('/dev/full');
  it.skipIf(!hasFull)('fails, and says so on stderr, where the disk is full', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = run(QUERY, full);
    closeSync(full);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^nvsmi: .*ENOSPC/);
  });

  it.skipIf(!hasFull)('fails where the file of -f is on a full disk', () => {
    const { status, stderr } = run([...QUERY, '-f', '/dev/full']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/ENOSPC/);
  });

  it('ends a loop without a word when its reader goes away', async () => {
    const child = spawn(...started([...QUERY, '-lms', '20']), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (part: Buffer) => {
      err += part.toString();
    });
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    child.stdout.destroy();
    const status = await new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    expect(status).toBe(141);
    expect(err).toBe('');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const)(
    'ends a loop on %s with whole lines',
    async (signal) => {
      const child = spawn(...started([...QUERY, '-lms', '10']), {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      let seen: () => void = () => {};
      const enough = new Promise<void>((resolve) => {
        seen = resolve;
      });
      child.stdout.on('data', (part: Buffer) => {
        out += part.toString();
        if (out.split('\n').length > 8) seen();
      });
      const ended = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) =>
        child.once('close', (code, by) => resolve([code, by])),
      );
      await enough;
      child.kill(signal);
      expect(await ended).toEqual([null, signal]);
      const lines = out.split('\n');
      expect(lines.pop()).toBe('');
      expect(lines.length % 2).toBe(1);
      expect(lines.slice(1).every((line, i) => line === `${i % 2}, NVIDIA H200`)).toBe(true);
    },
  );

  it('names both versions and the remedy where library and kernel module differ, in status 18', () => {
    const { status, stdout, stderr } = run(['--snapshot', 'mismatch']);
    expect(status).toBe(18);
    expect(stdout.split('\n')[0]).toBe('Failed to initialize NVML: Driver/library version mismatch');
    expect(stdout + stderr).toMatch(/580\.159\.04.*575\.57\.08.*reboot/s);
  });

  it('says in the words of each command that it cannot count the GPUs', () => {
    const none = JSON.parse(readFileSync(new URL('../../snapshots/none.json', import.meta.url), 'utf8'));
    const file = join(folder, 'uncounted.json');
    const calls = { ...none.calls, nvmlDeviceGetCount_v2: { '': { error: 'NVML_ERROR_UNKNOWN' } } };
    writeFileSync(file, JSON.stringify({ ...none, calls }));
    expect(run(['--snapshot', file])).toMatchObject({
      status: 255,
      stdout: 'Unable to determine the number of GPUs',
      stderr: 'nvmlDeviceGetCount: Unknown Error\n',
    });
    expect(run(['-L', '--snapshot', file])).toMatchObject({
      status: 255,
      stdout: 'Unable to determine the number of available GPUs: Unknown Error\n',
      stderr: '',
    });
  });
});
