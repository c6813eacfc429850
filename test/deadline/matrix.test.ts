/** What never returns, in what runs on: loops, the recorder and the library. One-shot commands are in commands.test.ts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { open } from '../../src/index.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { deafTo, expectNoneLeft, fake, nvsmi, TIMEOUT } from './stuck.js';

const SLACK = 500 + 10_000;

const HANDLES: FunctionName = 'nvmlDeviceGetHandleByIndex_v2';
const TEMPERATURE: FunctionName = 'nvmlDeviceGetTemperatureV';
const UTILIZATION: FunctionName = 'nvmlDeviceGetUtilizationRates';
const PCIE: FunctionName = 'nvmlDeviceGetPcieThroughput';
const PROCESSES: FunctionName = 'nvmlDeviceGetComputeRunningProcesses_v3';

/** A loop, what never returns in it, and its lines about the GPU that answers. */
const LOOPS: readonly (readonly [line: string, fn: FunctionName, first: RegExp])[] = [
  ['-l 1', HANDLES, /\|\s+0 {2}NVIDIA H200/g],
  ['-lms 500', TEMPERATURE, /\|\s+0 {2}NVIDIA H200/g],
  ['-l 1', PROCESSES, /\|\s+0 {2}NVIDIA H200/g],
  ['-l 1', UTILIZATION, /\|\s+0 {2}NVIDIA H200/g],
  ['-q -x -l 1', PCIE, /<gpu_util>0 %<\/gpu_util>/g],
  ['-q -x -l 1', UTILIZATION, /<gpu_util>0 %<\/gpu_util>/g],
  ['dmon -s put -d 1', PCIE, /^ +0 +78 +37 +38 /gm],
  ['dmon -s put -d 1', TEMPERATURE, /^ +0 +78 +37 +38 /gm],
  ['pmon -d 1', PROCESSES, /^ +0 /gm],
  ['pmon -d 1', HANDLES, /^ +0 /gm],
];

/** What is in the recording of a folder, once there is one beside the recorder's own files. */
const recordingIn = (folder: string): Buffer | undefined =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name)))
    .find((bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b);

describe.skipIf(!fake.available)('what runs on', { timeout: 60_000, concurrent: true }, () => {
  it.each(LOOPS)('`%s` has its second tick where %s never returns', async (line, fn, first) => {
    const library = deafTo(fn);
    const argv = ['--timeout', String(TIMEOUT), ...line.split(' ')];
    const { status, out, err, took } = await nvsmi(
      library,
      argv,
      (out) => (out.match(first)?.length ?? 0) >= 2,
    );
    expect(status).toBe('SIGTERM');
    expect(out.match(first)?.length ?? 0).toBeGreaterThanOrEqual(2);
    expect(err).toMatch(new RegExp(`^nvsmi: no answer from ${fn} \\(GPU 1\\) for \\d+\\.\\d s\n`));
    expect(took).toBeLessThan(2 * TIMEOUT * 1000 + SLACK);
    await expectNoneLeft(library);
  });

  it.each(['-l 1', '-q -l 1', 'dmon -d 1', 'pmon -d 1', 'daemon --foreground -d 1'])(
    '`%s` ends in time with 124 where nvmlInit_v2 never returns',
    async (line) => {
      const library = deafTo('nvmlInit_v2');
      const { status, took } = await nvsmi(library, ['--timeout', String(TIMEOUT), ...line.split(' ')]);
      expect(status).toBe(124);
      expect(took).toBeLessThan(TIMEOUT * 1000 + SLACK);
      await expectNoneLeft(library);
    },
  );

  it.for([TEMPERATURE, UTILIZATION, PCIE, HANDLES])(
    'the recorder has ticks of the other GPU where %s never returns',
    async (fn, { onTestFinished }) => {
      const folder = mkdtempSync(join(tmpdir(), 'nvsmi-deadline-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const library = deafTo(fn);
      const argv = [
        '--timeout',
        String(TIMEOUT),
        'daemon',
        '--foreground',
        '-d',
        '1',
        '-s',
        'put',
        '-p',
        folder,
      ];
      const { status } = await nvsmi(
        library,
        argv,
        (_, err) => err.includes('no answer from') && recordingIn(folder) !== undefined,
      );
      expect(status).toBe('SIGTERM');
      const recording = recordingIn(folder) ?? Buffer.alloc(0);
      const lines = gunzipSync(recording, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
      expect(lines).toContain('NVIDIA H200');
      await expectNoneLeft(library);
    },
  );

  it.for([TEMPERATURE, UTILIZATION, PCIE, HANDLES])(
    'the library answers where %s never returns',
    async (fn, { onTestFinished }) => {
      const library = deafTo(fn);
      const begun = performance.now();
      const machine = await open({ path: library.path, timeout: TIMEOUT * 1000 });
      onTestFinished(() => machine.close());
      const fields = ['index', 'temperature.gpu', 'utilization.gpu', 'pcie.throughput.rx'] as const;
      const [first, second] = await machine.query(fields).sampleAsync();
      expect(first).toMatchObject({ index: 0, 'temperature.gpu': 37, 'utilization.gpu': 0 });
      expect(Object.values(second?.reasons ?? {})).toContain('No Answer');
      expect(performance.now() - begun).toBeLessThan(2 * TIMEOUT * 1000 + SLACK);
      machine.close();
      await expectNoneLeft(library);
    },
  );
});
