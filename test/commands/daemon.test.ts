import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Background, backgroundOf } from '../../src/base/background.js';
import { main } from '../../src/cli/cli.js';
import { readRecords } from '../../src/system/record-file.js';
import { FakeIo } from '../fake-io.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';
import { NODE_PROGRAM, started } from '../program.js';
import { saved, temporaryFolder } from '../temporary.js';
import { machineWith, runOn } from './monitor-machine.js';

const fake = await buildFake();
const machine = machineWith([{ watts: 70.5 }, { watts: 80.5 }]);

/** Runs the program as a process of its own, on a recorded machine. */
function programOn(snapshot: string) {
  const line = (argv: readonly string[]): [string, string[]] => started([...argv, '--snapshot', snapshot]);
  return {
    run: (...argv: string[]) => {
      const { stdout, stderr, status } = spawnSync(...line(argv), { encoding: 'utf8' });
      return { stdout, stderr, status };
    },
    start: (...argv: string[]): ChildProcess => {
      const child = spawn(...line(argv), { stdio: ['ignore', 'pipe', 'pipe'] });
      onTestFinished(() => {
        child.kill('SIGKILL');
      });
      return child;
    },
  };
}

const recordings = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('nvstats-'))
    .sort()
    .map((name) => join(folder, name));

const parsed = (path: string): readonly Record<string, unknown>[] =>
  readRecords(path).lines.map((line) => JSON.parse(line) as Record<string, unknown>);

const ticks = (path: string): number => parsed(path).filter((record) => 't' in record).length;

/** Waits for what happens in another process. */
async function until(what: () => boolean, milliseconds = 15_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!what()) {
    if (Date.now() > end) throw new Error(`waited ${milliseconds} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const { isAlive } = backgroundOf(process);

/** The children of a process. */
const childrenOf = (parent: number): readonly number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) === parent;
      } catch {
        return false;
      }
    });

describe('the daemon in the background', () => {
  it('records until -t, once per folder, and leaves nothing but its file', { timeout: 60_000 }, async () => {
    const folder = join(temporaryFolder(), 'made', 'by', 'it');
    const program = programOn(saved(machine));
    const started = program.run('daemon', '-p', folder, '-d', '1', '-s', 'pc', '-j', 'night');
    const pid = Number(/^Process (\d+) records to (.*)\n$/.exec(started.stdout)?.[1]);
    onTestFinished(() => {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    });
    expect(started).toMatchObject({ status: 0, stderr: '' });
    const [path = ''] = recordings(folder);
    expect(path).toMatch(/nvstats-\d{8}-night$/);
    expect(isAlive(pid)).toBe(true);

    const again = program.run('daemon', '-p', folder);
    expect(again).toMatchObject({
      status: 2,
      stdout: `Process ${pid} records to ${folder} already; daemon -t stops it.\n`,
    });

    await until(() => ticks(path) >= 2);
    const shown = program.run('replay', '-f', path, '-s', 'p');
    expect(shown.stdout).toMatch(/^#Time {9}gpu {4}pwr/);
    expect(shown.stdout.split('\n').length).toBeGreaterThanOrEqual(2 + 4);

    const stopped = program.run('daemon', '-t', '-p', folder);
    expect(stopped).toMatchObject({ status: 0, stdout: `Process ${pid} stopped.\n` });
    expect(isAlive(pid)).toBe(false);
    expect(readdirSync(folder)).toEqual([path.slice(folder.length + 1)]);
    expect(gunzipSync(readFileSync(path)).toString().split('\n').length).toBeGreaterThanOrEqual(4);

    const nothing = program.run('daemon', '-t', '-p', folder);
    expect(nothing).toMatchObject({ status: 2, stdout: `Nothing records to ${folder}.\n` });
  });

  it('says why it cannot start, with the status of that', { timeout: 60_000 }, () => {
    const folder = temporaryFolder();
    const program = programOn(saved(machine));
    expect(program.run('daemon', '-p', folder, '-i', '9')).toMatchObject({
      status: 6,
      stdout: 'No devices were found\n',
    });
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(program.run('daemon', '-p', file).stdout).toMatch(/^Cannot record to .*file/);
    expect(readdirSync(folder)).toEqual(['file']);
    // A folder that takes no folders, and says that it is not there.
    expect(program.run('daemon', '-p', '/proc/nvsmi/records')).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/^Cannot record to \/proc\/nvsmi\/records: ENOENT/),
    });
  });
});

describe('a recorder that does not end by itself', () => {
  it('is killed by -t, which says so', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const program = programOn(saved(machine));
    const child = program.start('daemon', '--foreground', '-p', folder, '-d', '1', '-s', 'p');
    await until(() => recordings(folder).some((path) => ticks(path) >= 1));
    const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    // A stopped process reacts to SIGKILL only.
    child.kill('SIGSTOP');
    expect(program.run('daemon', '-t', '-p', folder)).toMatchObject({
      status: 0,
      stdout: `Process ${child.pid} did not stop within 3 seconds, and was killed.\n`,
    });
    expect(await exited).toBe('SIGKILL');
    expect(program.run('daemon', '-t', '-p', folder).stdout).toBe(`Nothing records to ${folder}.\n`);
  });
});

describe.skipIf(!fake.available)('a recorder whose nvmlInit never returns', { timeout: 60_000 }, () => {
  const hanging = (): FakeLibrary => fake.with({ faults: [{ fn: 'nvmlInit_v2', hangs: true }] });

  it('is killed after a while, and the daemon says so', async () => {
    const library = hanging();
    const folder = temporaryFolder();
    const io = new FakeIo({ now: Date.now(), waits: Number.POSITIVE_INFINITY });
    const self = Object.assign(Object.create(process), {
      execArgv: [],
      // The daemon's part is played here, in Node, whatever the program is.
      argv: started(['daemon', '-p', folder, '--nvml', library.path], NODE_PROGRAM).flat(),
    });
    const real = backgroundOf(self);
    let child = 0;
    const background: Background = {
      ...real,
      start: async (extra, running) => {
        // Less patient than the daemon, but not before it hangs.
        const started = await real.start(extra, running, 5000);
        child = started.pid;
        return started;
      },
    };
    const status = await main(['daemon', '-p', folder], Object.assign(io, { background }));
    expect(io.output).toBe(
      `Process ${child} did not begin to record within 60 seconds, and was killed: the driver does not answer.\n`,
    );
    expect(status).toBe(255);
    await until(() => !isAlive(child));
  });

  it('ends with the daemon that waits for it', async () => {
    const library = hanging();
    const line = started(['daemon', '-p', temporaryFolder(), '--nvml', library.path]);
    const daemon = spawn(...line, { stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => {
      daemon.kill('SIGKILL');
    });
    await until(() => library.log().length > 0, 30_000);
    const [child = 0, ...others] = childrenOf(daemon.pid ?? 0);
    expect(others).toEqual([]);
    expect(isAlive(child)).toBe(true);
    const ended = new Promise((resolve) => daemon.once('exit', (_, signal) => resolve(signal)));
    daemon.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
    await until(() => !isAlive(child));
  });
});

describe('the daemon in the foreground', () => {
  it('loses no line that was written before kill -9, and continues in the same file', {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryFolder();
    const program = programOn(saved(machine));
    const child = program.start('daemon', '--foreground', '-p', folder, '-d', '1', '-s', 'p');
    await until(() => recordings(folder).some((path) => ticks(path) >= 2));
    const [path = ''] = recordings(folder);
    const before = readRecords(path).lines;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
    expect(readRecords(path).lines.slice(0, before.length)).toEqual(before);
    expect(existsSync(join(folder, 'nvsmi.pid'))).toBe(true);

    const kept = readRecords(path).lines;
    const next = program.start('daemon', '--foreground', '-p', folder, '-d', '1', '-s', 'p');
    // Its first tick is over: what ends it from here on finds a file to finish.
    await until(() => readRecords(path).lines.length >= kept.length + 3);
    next.kill('SIGTERM');
    await new Promise((resolve) => next.once('exit', resolve));
    const records = readRecords(path).lines;
    expect(records.slice(0, kept.length)).toEqual(kept);
    expect(parsed(path).filter((record) => 'format' in record)).toHaveLength(2);
    expect(gunzipSync(readFileSync(path)).toString()).toBe(`${records.join('\n')}\n`);
    expect(existsSync(join(folder, 'nvsmi.pid'))).toBe(false);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'says that the disk is full, stops, and leaves the reason for -t',
    async () => {
      const folder = temporaryFolder();
      const time = new Date(2026, 10, 23, 12).getTime();
      symlinkSync('/dev/full', join(folder, 'nvstats-20261123'));
      const { io, status } = await runOn(machine, ['daemon', '--foreground', '-p', folder], { time });
      expect(status).toBe(1);
      expect(io.errors).toMatch(/^nvsmi: cannot write .*nvstats-20261123: ENOSPC/);
      const asked = await runOn(machine, ['daemon', '-t', '-p', folder]);
      expect(asked.io.output).toMatch(
        /^Nothing records to .* The last recorder ended: cannot write .*ENOSPC/,
      );
      expect(asked.status).toBe(2);
    },
  );

  it('begins a file every day, each with its own head', async () => {
    const folder = temporaryFolder();
    const time = new Date(2026, 10, 23, 23, 59, 57).getTime();
    const argv = ['daemon', '--foreground', '-p', folder, '-d', '1', '-s', 'p'];
    expect((await runOn(machine, argv, { time, waits: 5 })).status).toBe(0);
    const [first = '', second = '', ...others] = recordings(folder);
    expect([first, second].map((path) => path.slice(-8))).toEqual(['20261123', '20261124']);
    expect(others).toEqual([]);
    expect([ticks(first), ticks(second)]).toEqual([3, 3]);
    for (const path of [first, second]) expect(parsed(path)[0]).toMatchObject({ format: 'nvsmi-daemon' });
  });

  it('writes which GPUs and columns there are, then numbers', async () => {
    const folder = temporaryFolder();
    const time = new Date(2026, 10, 23, 12).getTime();
    await runOn(machine, ['daemon', '--foreground', '-p', folder, '-s', 'pe', '-i', '1'], { time, waits: 1 });
    const [head, ...rest] = parsed(recordings(folder)[0] ?? '');
    expect(head).toMatchObject({
      version: 1,
      driver: '580.159.04',
      delay: 10,
      columns: [
        { name: 'power.draw', unit: 'W' },
        { name: 'temperature.gpu', unit: 'C' },
        { name: 'temperature.memory', unit: 'C' },
        { name: 'ecc.errors.corrected.volatile.total', unit: 'errs' },
        { name: 'ecc.errors.uncorrected.volatile.total', unit: 'errs' },
        { name: 'pcie.replay_counter', unit: 'errs' },
      ],
      gpus: [{ index: 1, uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000001', name: 'NVIDIA H100 80GB HBM3' }],
    });
    expect(rest).toEqual([
      { t: time, g: [[1, 80.5, 37, 40, 0, 0, 0]] },
      { t: time + 10_000, g: [[1, 80.5, 37, 40, 0, 0, 0]] },
    ]);
  });

  it.each([
    ['-d 0', 2, /^Collection delay\/interval should be between 1 second and 600 seconds\n$/],
    ['-s z', 255, /^Failed to find any metric to display\n/],
    ['-j a/b', 2, /^The job name becomes part of a file name/],
    ['--bogus', 2, /^Option "--bogus" is not recognized\.\n$/],
  ])('refuses %s', async (argv, status, says) => {
    const folder = temporaryFolder();
    const ran = await runOn(machine, ['daemon', '--foreground', '-p', folder, ...argv.split(' ')]);
    expect(ran.io.output).toMatch(says);
    expect(ran.status).toBe(status);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over from a recorder whose number another program has now', async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'nvsmi.pid'), '1\n');
    const { status } = await runOn(machine, ['daemon', '--foreground', '-p', folder], { waits: 0 });
    expect(status).toBe(0);
    expect(recordings(folder)).toHaveLength(1);
  });
});
