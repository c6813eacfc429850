/** Loops and the recorder continue where NVML does not answer, and say when it does again. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callersOf, deafTo, expectNoneLeft, fake, machineWith, nvsmi, TIMEOUT } from './stuck.js';

const FIELDS = '--query-gpu=index,temperature.gpu,utilization.gpu --format=csv,noheader';

/** Lines about the second GPU, as soon as there are so many. */
const ticks =
  (count: number) =>
  (out: string): boolean =>
    out.split('\n').filter((line) => line.startsWith('1, ')).length >= count;

describe.skipIf(!fake.available)('a loop with --timeout', { timeout: 120_000, concurrent: true }, () => {
  it('has ticks of absent values for the GPU that does not answer, and says so once', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates', { after: 1 });
    const argv = ['--timeout', String(TIMEOUT), ...FIELDS.split(' '), '-lms', '200'];
    const { status, out, err } = await nvsmi(library, argv, ticks(6));
    expect(status).toBe('SIGTERM');
    const lines = out.split('\n');
    const ofGpu = (gpu: number) => lines.filter((line) => line.startsWith(`${gpu}, `));
    expect(new Set(ofGpu(0))).toEqual(new Set(['0, 37, 0 %']));
    // The second tick may be answered by the process that makes late calls again; the call answers once in each.
    const late = ofGpu(1).indexOf('1, 38, [No Answer]');
    expect([1, 2]).toContain(late);
    expect(ofGpu(1).slice(0, late)).toEqual(Array(late).fill('1, 38, 0 %'));
    expect(err).toMatch(/^nvsmi: no answer from nvmlDeviceGetUtilizationRates \(GPU 1\) for \d+\.\d s\n$/);
    await expectNoneLeft(library);
  });

  it('continues in another process, and says that there are answers again', async () => {
    // The call returns in every process but the first, which is where it is made for the second time.
    const library = deafTo('nvmlDeviceGetUtilizationRates', { after: 1, times: 1 });
    const argv = ['--timeout', String(TIMEOUT), ...FIELDS.split(' '), '-lms', '200'];
    const { out, err } = await nvsmi(library, argv, (_, err) => err.includes('an answer again'));
    expect(out).toContain('1, 38, [No Answer]\n');
    expect(err).toMatch(
      /^nvsmi: no answer from nvmlDeviceGetUtilizationRates \(GPU 1\) for \d+\.\d s\nnvsmi: an answer again from nvmlDeviceGetUtilizationRates \(GPU 1\) after \d+\.\d s\n$/,
    );
    await expectNoneLeft(library);
  });

  it('keeps the GPUs that answer where no other process can initialise NVML', async () => {
    const library = machineWith(
      { fn: 'nvmlDeviceGetUtilizationRates', when: ['gpu1'], hangs: true },
      { fn: 'nvmlInit_v2', after: 1, hangs: true },
    );
    const most: number[] = [];
    const argv = ['--timeout', String(TIMEOUT), ...FIELDS.split(' '), '-lms', '300'];
    const { out } = await nvsmi(library, argv, (out) => {
      most.push(callersOf(library).length);
      return ticks(14)(out);
    });
    const first = out.split('\n').filter((line) => line.startsWith('0, '));
    expect(new Set(first)).toEqual(new Set(['0, 37, 0 %']));
    // The one that answers for the first GPU, and the one that was to replace it.
    expect(Math.max(...most)).toBeLessThanOrEqual(2);
    await expectNoneLeft(library);
  });

  it.each([
    ['-l 1 --json', /"utilization.gpu":null/],
    ['-q -x -l 1', /<gpu_util>No Answer<\/gpu_util>/],
    ['dmon -s u', /^ +1 +- +- +/m],
  ])('`%s` shows what is absent and continues', async (line, absent) => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    let seen = 0;
    const argv = ['--timeout', String(TIMEOUT), ...line.split(' ')];
    const { status, out } = await nvsmi(library, argv, (out) => {
      seen = out.match(new RegExp(absent.source, 'gm'))?.length ?? 0;
      return seen >= 2;
    });
    expect(status).toBe('SIGTERM');
    expect(out).toMatch(absent);
    await expectNoneLeft(library);
  });

  it('`dmon -c` ends with 124 where a tick lacked answers', async () => {
    const library = deafTo('nvmlDeviceGetPowerUsage', { after: 1 });
    const { status, out } = await nvsmi(library, [
      '--timeout',
      String(TIMEOUT),
      'dmon',
      '-s',
      'p',
      '-c',
      '3',
    ]);
    expect(status).toBe(124);
    expect(out.split('\n').filter((line) => line.startsWith('    0     78'))).toHaveLength(3);
    await expectNoneLeft(library);
  });

  it('survives the end of the process that calls NVML', async () => {
    const library = machineWith();
    let isKilled = false;
    const argv = ['--timeout', '5', ...FIELDS.split(' '), '-lms', '200'];
    const { out, err } = await nvsmi(library, argv, (out) => {
      if (!isKilled && ticks(2)(out)) {
        isKilled = true;
        for (const pid of callersOf(library)) process.kill(Number(pid), 'SIGSEGV');
      }
      const absent = out.lastIndexOf('[No Answer]');
      return isKilled && absent !== -1 && out.lastIndexOf('1, 38, 0 %') > absent;
    });
    expect(err).toMatch(/^nvsmi: the process that calls NVML ended \(SIGSEGV\)/);
    expect(out).toMatch(/\[No Answer\]\n(.*\n)*1, 38, 0 %\n/);
    await expectNoneLeft(library);
  });
});

describe.skipIf(!fake.available)('the recorder with --timeout', { timeout: 120_000 }, () => {
  it('records ticks of absent values, and those of the GPU that answers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-deadline-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const library = deafTo('nvmlDeviceGetPowerUsage', { after: 1 });
    const argv = ['--timeout', String(TIMEOUT), 'daemon', '--foreground', '-d', '1', '-s', 'p', '-p', folder];
    let since = 0;
    const { status } = await nvsmi(library, argv, (_, err) => {
      if (err === '' || since !== 0) return false;
      since = performance.now();
      return true;
    });
    expect(status).toBe('SIGTERM');
    const [file = ''] = readdirSync(folder);
    const lines = gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .trimEnd()
      .split('\n');
    const [head, first] = lines.map((line) => JSON.parse(line));
    expect(head.gpus.map(({ name }: { name: string }) => name)).toEqual(['NVIDIA H200', 'NVIDIA H200']);
    expect(first.g).toEqual([
      [0, 78.536, 37, 38],
      [1, 78.871, 38, 37],
    ]);
    await expectNoneLeft(library);
  });
});
