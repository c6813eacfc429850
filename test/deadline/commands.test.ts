/** A call of NVML that never returns, in every command that asks for it: an answer in time, and what is known is shown. */
import { spawn } from 'node:child_process';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it, vi } from 'vitest';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { started } from '../program.js';
import { callersOf, deafTo, expectNoneLeft, fake, machineWith, nvsmi, TIMEOUT } from './stuck.js';

/** Milliseconds beyond it: the half of a second that is promised, and what programs take to start on a busy machine. */
const SLACK = 500 + 10_000;

const APPS = '--query-compute-apps=pid,used_memory --format=csv';
const CSV = '--query-gpu=index,temperature.gpu,utilization.gpu,memory.used --format=csv,noheader';

/** What each command shows of the GPU that answers. */
const COMMANDS = {
  '': /\|\s+0 {2}NVIDIA H200/,
  [CSV]: /^0, 37, 0 %, 0 MiB$/m,
  [APPS]: /^pid, used_gpu_memory \[MiB\]$/m,
  '-q': /^GPU 00000000:00:06\.0|^GPU [0-9A-F:.]+$/m,
  '-q -x': /<gpu id=/,
  'dmon -s put -c 1': /^ +0 +78 +37 +38 /m,
  'pmon -c 1': /^ +0 /m,
  ps: /^No processes found\.$/m,
  'top --once': /^ +0 .* 37C .* ok$/m,
} as const;

type CommandLine = keyof typeof COMMANDS;

const TEMPERATURE: FunctionName = 'nvmlDeviceGetTemperatureV';
const PROCESSES: FunctionName = 'nvmlDeviceGetComputeRunningProcesses_v3';

/** Which commands ask for what. */
const ASKED: readonly (readonly [fn: FunctionName, commands: readonly CommandLine[]])[] = [
  ['nvmlDeviceGetHandleByIndex_v2', ['', CSV, APPS, '-q', '-q -x', 'dmon -s put -c 1', 'pmon -c 1']],
  [TEMPERATURE, ['', CSV, '-q', '-q -x', 'dmon -s put -c 1', 'top --once']],
  ['nvmlDeviceGetUtilizationRates', ['', CSV, '-q', '-q -x', 'dmon -s put -c 1']],
  ['nvmlDeviceGetPcieThroughput', ['-q', '-q -x', 'dmon -s put -c 1']],
  [PROCESSES, ['', APPS, '-q', '-q -x', 'pmon -c 1', 'ps', 'top --once']],
  ['nvmlDeviceGetProcessesUtilizationInfo', ['pmon -c 1', 'ps', 'top --once']],
];

const CASES = ASKED.flatMap(([fn, commands]) => commands.map((line) => [line, fn] as const));

const wordsOf = (line: string): readonly string[] => line.split(' ').filter((word) => word !== '');

describe.skipIf(!fake.available)('with --timeout', { timeout: 120_000, concurrent: true }, () => {
  it.each(CASES)(
    '`%s` ends in time with 124 where %s never returns, and shows what it knows',
    async (line, fn) => {
      const library = deafTo(fn);
      const { status, out, err, took } = await nvsmi(library, [
        '--timeout',
        String(TIMEOUT),
        ...wordsOf(line),
      ]);
      expect(took).toBeLessThan(TIMEOUT * 1000 + SLACK);
      expect(out).toMatch(COMMANDS[line]);
      expect(err).toMatch(new RegExp(`^nvsmi: no answer from ${fn} \\(GPU 1\\) for \\d+\\.\\d s$`, 'm'));
      expect(status).toBe(124);
      await expectNoneLeft(library);
    },
  );

  it.each(Object.keys(COMMANDS))(
    '`%s` ends in time with 124 where nvmlInit_v2 never returns',
    async (line) => {
      const library = deafTo('nvmlInit_v2');
      const { status, out, err, took } = await nvsmi(library, [
        '--timeout',
        String(TIMEOUT),
        ...wordsOf(line),
      ]);
      expect(took).toBeLessThan(TIMEOUT * 1000 + SLACK);
      expect({ status, out }).toEqual({ status: 124, out: 'Failed to initialize NVML: No Answer\n' });
      expect(err).toMatch(/^nvsmi: no answer from nvmlInit_v2 for \d+\.\d s\n/);
      await expectNoneLeft(library);
    },
  );

  it.each(Object.keys(COMMANDS))(
    '`%s` ends with 12, and says what was tried, without a library',
    async (line) => {
      const nowhere = { path: '/nonexistent/libnvidia-ml.so' };
      const { status, err } = await nvsmi(nowhere, ['--timeout', String(TIMEOUT), ...wordsOf(line)]);
      expect({ status, err }).toMatchObject({ status: 12, err: expect.stringContaining('/nonexistent') });
    },
  );

  it('CSV has the words in place of the values', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    const { out } = await nvsmi(library, ['--timeout', String(TIMEOUT), ...wordsOf(CSV)]);
    expect(out).toBe('0, 37, 0 %, 0 MiB\n1, 38, [No Answer], [No Answer]\n');
  });

  it('JSON has null, and the reason', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    const line = '--query-gpu=index,utilization.gpu --format=json';
    const { out } = await nvsmi(library, ['--timeout', String(TIMEOUT), ...wordsOf(line)]);
    expect(JSON.parse(out).gpus).toEqual([
      { index: 0, 'utilization.gpu': 0 },
      { index: 1, 'utilization.gpu': null, reasons: { 'utilization.gpu': 'No Answer' } },
    ]);
  });

  it('XML is whole, and says what is absent', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    const { out } = await nvsmi(library, ['--timeout', String(TIMEOUT), '-q', '-x']);
    expect(XMLValidator.validate(out)).toBe(true);
    const { gpu } = new XMLParser().parse(out).nvidia_smi_log;
    expect(gpu.map((one: { utilization: { gpu_util: string } }) => one.utilization.gpu_util)).toEqual([
      '0 %',
      'No Answer',
    ]);
  });

  it('the processes of a GPU are shown though another one does not answer', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    const { out } = await nvsmi(library, ['--timeout', String(TIMEOUT)]);
    expect(out).not.toContain('processes of GPU 0');
    expect(out).toContain('Unable to determine the processes of GPU 1: No Answer');
  });

  it('what all GPUs need is distinguished from what one needs', async () => {
    const library = deafTo('nvmlSystemGetDriverVersion');
    const line = '--query-gpu=index,driver_version,temperature.gpu --format=csv,noheader';
    const { status, out, err } = await nvsmi(library, ['--timeout', String(TIMEOUT), ...wordsOf(line)]);
    expect({ status, out }).toEqual({ status: 124, out: '0, [No Answer], 37\n1, [No Answer], 38\n' });
    expect(err).toMatch(/^nvsmi: no answer from nvmlSystemGetDriverVersion for \d+\.\d s\n$/);
  });
});

describe.skipIf(!fake.available)('a machine that answers', { timeout: 120_000, concurrent: true }, () => {
  const library = fake.available ? machineWith() : undefined;

  it.each([
    ...Object.keys(COMMANDS).filter(
      (line) => line !== '' && line !== '-q' && line !== '-q -x' && line !== 'top --once',
    ),
    '-L',
    '--query-compute-apps=pid --format=csv',
    'dmon --gpm-metrics 1,2,3 -c 3',
    '-q -d MEMORY,ECC,PIDS',
    'vgpu -q',
    'vgpu -s --json',
  ])('says the same to `%s` with --timeout and without', async (line) => {
    if (library === undefined) return;
    const plain = await nvsmi(library, wordsOf(line));
    const { status, out, err } = await nvsmi(library, ['--timeout', '60', ...wordsOf(line)]);
    const untimed = (text: string): string => text.replace(/^Timestamp.*$/m, '');
    expect({ status, out: untimed(out), err }).toEqual({
      ...plain,
      out: untimed(plain.out),
      took: undefined,
    });
    await expectNoneLeft(library);
  });

  it('leaves no process where it is killed itself in the middle of a call', async () => {
    const deaf = deafTo('nvmlDeviceGetUtilizationRates');
    const killed = spawn(...started(['--nvml', deaf.path, '--timeout', '600', ...wordsOf(CSV)]));
    const isCalled = (): boolean => deaf.log().some(({ fn }) => fn === 'nvmlDeviceGetUtilizationRates');
    await vi.waitFor(() => expect(isCalled()).toBe(true), 30_000);
    expect(callersOf(deaf)).not.toEqual([]);
    killed.kill('SIGKILL');
    await expectNoneLeft(deaf);
  });

  it('has a timeout from NVSMI_TIMEOUT, too', async () => {
    const deaf = deafTo('nvmlDeviceGetUtilizationRates');
    const env = { NVSMI_TIMEOUT: String(TIMEOUT) };
    const { status } = await nvsmi(deaf, wordsOf(CSV), undefined, env);
    expect(status).toBe(124);
  });

  it.each(['0', '-1', 'x', '1e3', '100000'])('refuses --timeout %s', async (seconds) => {
    if (library === undefined) return;
    const { status, out } = await nvsmi(library, ['--timeout', seconds, ...wordsOf(CSV)]);
    expect({ status, out }).toEqual({
      status: 2,
      out: `--timeout must be above 0 and at most 86400 seconds, not ${seconds}\n`,
    });
  });

  it('may be a recorded one', async () => {
    if (library === undefined) return;
    const { status, out } = await nvsmi(library, [
      '--snapshot',
      'h200-x2',
      '--timeout',
      '5',
      ...wordsOf(CSV),
    ]);
    expect({ status, out }).toEqual({ status: 0, out: '0, 37, 0 %, 0 MiB\n1, 38, 0 %, 0 MiB\n' });
  });
});
