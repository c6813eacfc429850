import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';

const fake = await buildFake();
const program = fileURLToPath(new URL('../../bin/nvsmi.js', import.meta.url));
const snapshot = JSON.parse(
  readFileSync(new URL('../../snapshots/h200-x2.json', import.meta.url), 'utf8'),
) as Snapshot;

/** Two H200s, on which a function answers so many times, and then never returns. */
const deafFrom = (fn: FunctionName, after: number): FakeLibrary =>
  fake.with({ snapshot, faults: [{ fn, after, hangs: true }] });

/** Waits until so many calls of a function were made: the last of them is the one that hangs. */
async function hasBegun(library: FakeLibrary, fn: FunctionName, calls: number): Promise<void> {
  const made = (): number => library.log().filter((call) => call.fn === fn).length;
  await expect.poll(made, { timeout: 60_000, interval: 50 }).toBeGreaterThan(calls);
}

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** How it ended: by a status or by a signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

function start(argv: readonly string[]): Running {
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      output += part.toString();
    });
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, by) => resolve(by ?? code));
  });
  return { child, output: () => output, ended };
}

const FIELDS = '--query-gpu=index,temperature.gpu,utilization.gpu --format=csv,noheader';

describe.skipIf(!fake.available)('a call of NVML that never returns', { timeout: 120_000 }, () => {
  it.each([
    [FIELDS, 'nvmlInit_v2', 0, 'SIGTERM'],
    [FIELDS, 'nvmlDeviceGetCount_v2', 0, 'SIGINT'],
    [`${FIELDS} -lms 10`, 'nvmlDeviceGetTemperatureV', 20, 'SIGINT'],
    [`${FIELDS} -lms 10`, 'nvmlDeviceGetUtilizationRates', 20, 'SIGTERM'],
    [`${FIELDS} -l 1`, 'nvmlDeviceGetTemperatureV', 2, 'SIGHUP'],
    ['--query-compute-apps=pid -lms 20', 'nvmlDeviceGetComputeRunningProcesses_v3', 4, 'SIGINT'],
    ['-l 1', 'nvmlDeviceGetUtilizationRates', 2, 'SIGTERM'],
    ['-lms 50', 'nvmlDeviceValidateInforom', 4, 'SIGINT'],
    ['-q -lms 50', 'nvmlDeviceGetPcieThroughput', 8, 'SIGTERM'],
    ['-q -lms 50', 'nvmlDeviceGetArchitecture', 0, 'SIGHUP'],
    ['-q -x -l 1', 'nvmlDeviceGetPowerManagementLimit', 2, 'SIGINT'],
    ['dmon', 'nvmlDeviceGetPowerUsage', 2, 'SIGHUP'],
    ['dmon -s t', 'nvmlDeviceGetPcieThroughput', 4, 'SIGINT'],
    ['pmon -s um', 'nvmlDeviceGetProcessesUtilizationInfo', 2, 'SIGTERM'],
    ['encodersessions -l 1', 'nvmlDeviceGetEncoderSessions', 2, 'SIGINT'],
  ] as const)(
    'does not keep `%s` from ending (%s from call %i on) on %s',
    async (argv, fn, after, signal) => {
      const library = deafFrom(fn, after);
      const { child, output, ended } = start(['--nvml', library.path, ...argv.split(' ')]);
      await hasBegun(library, fn, after);
      child.kill(signal);
      expect(await ended).toBe(signal);
      expect(output()).toMatch(after === 0 ? /^$/ : /\n$/);
    },
  );

  it('does not keep a recorder from ending, which still finishes its file and gives its folder back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-signals-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const library = deafFrom('nvmlDeviceGetPowerUsage', 2);
    const argv = ['daemon', '--foreground', '-d', '1', '-p', folder, '--nvml', library.path];
    const { child, ended } = start(argv);
    await hasBegun(library, 'nvmlDeviceGetPowerUsage', 2);
    child.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    const [file = '', ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    expect(
      gunzipSync(readFileSync(join(folder, file)))
        .toString()
        .trimEnd()
        .split('\n'),
    ).toHaveLength(2);
  });
});

describe('SIGUSR1', () => {
  it('opens no loop to debuggers, but ends it', async () => {
    const { child, output, ended } = start([...FIELDS.split(' '), '-lms', '20', '--snapshot', 'h200-x2']);
    await expect.poll(() => output().split('\n').length, { timeout: 60_000 }).toBeGreaterThan(4);
    child.kill('SIGUSR1');
    expect(await ended).toBe('SIGUSR1');
    expect(output()).not.toContain('Debugger');
    expect(existsSync(`/proc/${child.pid}`)).toBe(false);
  });
});
