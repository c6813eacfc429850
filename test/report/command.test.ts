import { describe, expect, it } from 'vitest';
import { refused, set } from '../commands/made-machine.js';
import { golden } from './golden.js';
import { runOn } from './run.js';
import { callsOf, h100, sceneOf } from './scene.js';

const H200S = sceneOf(golden('h200-x2/q.out'));
const NOT_WITHOUT_Q = (options: string, query: string): string =>
  `Invalid combination of input arguments. Specify -q/--query and ${options} to run ${query}.  Please run 'nvidia-smi -h' for help.\n\n`;

describe('command lines that are refused as on the H200', () => {
  it.each([
    ['-x', 2, NOT_WITHOUT_Q('-x/--xml-format', 'an XML query')],
    ['-d MEMORY', 2, NOT_WITHOUT_Q('-d/--display', 'a filtered query')],
    ['-u', 2, NOT_WITHOUT_Q('-u/--unit', 'a unit query')],
    [
      '-q -d MEMORY -x',
      2,
      'Invalid combination of input arguments: --display/-d flags can not be combined with -x/--xml-format flags.\n',
    ],
    [
      '-q -x -d BOGUS',
      2,
      'Invalid combination of input arguments: --display/-d flags can not be combined with -x/--xml-format flags.\n',
    ],
    ['-q -d BOGUS', 2, 'Failed to parse --display/-d flags\n'],
    ['-q --display MEMORY,BOGUS', 2, 'Failed to parse --display/-d flags\n'],
    ['-q -d', 255, "ERROR: Option -d is missing its value. Please run 'nvidia-smi -h' for help.\n\n"],
    ['-q -i 9', 6, 'No devices were found\n'],
    ['-q -u -i 0', 2, 'Specified unit index 0 is not valid\n'],
    ['-q -u -i 5', 2, 'Specified unit index 5 is not valid\n'],
    [
      '-q -l 0',
      2,
      'Provided [-l(ms) | --loop(-ms)=] value is incorrect. Loop frequency must be greater than 0.\n\n',
    ],
    ['-q -i 0 -eow', 255, "ERROR: Option -eow is not recognized. Please run 'nvidia-smi -h'.\n\n"],
  ])('nvsmi %s', async (argv, status, out) => {
    const ours = await runOn(H200S, argv.split(' '));
    expect(ours.out).toBe(out);
    expect(ours.status).toBe(status);
  });

  it.each([['-q -x --json'], ['-q --dtd']])('ours: nvsmi %s', async (argv) => {
    const { status, out, err } = await runOn(H200S, argv.split(' '));
    expect(status).toBe(2);
    expect(out + err).toMatch(/^Invalid combination of input arguments/);
  });
});

describe('command lines that are understood as on the H200', () => {
  const bodyOf = async (...argv: readonly string[]): Promise<string> => {
    const { out, status } = await runOn(H200S, argv);
    expect(status).toBe(0);
    return out;
  };

  it('-a is an old spelling of -q, also beside it', async () => {
    const full = await bodyOf('-q');
    expect(await bodyOf('-a')).toBe(full);
    expect(await bodyOf('-q', '-a')).toBe(full);
    expect(await bodyOf('--query')).toBe(full);
    expect(await bodyOf('-x', '-q', '-a')).toBe(await bodyOf('--xml-format', '-q'));
  });

  it('the last -d counts', async () => {
    expect(await bodyOf('-q', '-q', '-d', 'MEMORY', '-d', 'ECC')).toBe(await bodyOf('-q', '-d', 'ECC'));
  });

  it('groups are in the order of the report, not of the option', async () => {
    expect(await bodyOf('--query', '--display=UTILIZATION,MEMORY', '--id=0')).toBe(
      await bodyOf('-q', '-d', 'memory,utilization', '-i', '0'),
    );
    expect(await bodyOf('-q', '-d', 'MEMORY,')).toBe(await bodyOf('-q', '-d', 'MEMORY'));
  });

  it("-d '' leaves the GPUs without a line", async () => {
    const out = await bodyOf('-q', '-d', '');
    expect(out.split('\n').slice(7)).toEqual([
      'Attached GPUs                                          : 2',
      'GPU 00000000:00:06.0',
      '',
      'GPU 00000000:00:07.0',
      '',
      '',
    ]);
  });

  it('-i and -g choose GPUs, and all attached ones are still counted', async () => {
    const out = await bodyOf('-q', '-g', '1', '-d', 'COMPUTE');
    expect(out).toContain(
      'Attached GPUs                                          : 2\nGPU 00000000:00:07.0\n',
    );
    expect(out).not.toContain('GPU 00000000:00:06.0');
  });
});

describe('a loop', () => {
  it.each([['-l 1'], ['-lms 100']])('with %s writes each document whole, and a file too', async (loop) => {
    const argv = ['-q', '-d', 'TEMPERATURE', ...loop.split(' ')];
    const { writes } = await runOn(H200S, argv, { ticks: 3 });
    expect(writes).toHaveLength(3);
    for (const text of writes) {
      expect(text.startsWith('\n==============NVSMI LOG==============\n')).toBe(true);
      expect(text.endsWith('\n\n')).toBe(true);
    }
    const { out, file } = await runOn(H200S, [...argv, '-f', '/tmp/any'], { ticks: 2 });
    expect(out).toBe('');
    expect(file.match(/NVSMI LOG/g)).toHaveLength(2);
  });

  it('has the time of each tick', async () => {
    const now = new Date(2026, 10, 23, 0, 54, 1).getTime();
    const { writes } = await runOn(H200S, ['-q', '-d', 'COMPUTE', '-l', '1'], { now, ticks: 2 });
    expect(writes.map((text) => /Timestamp +: (.*)/.exec(text)?.[1])).toEqual([
      'Mon Nov 23 00:54:01 2026',
      'Mon Nov 23 00:54:02 2026',
    ]);
  });
});

describe('a GPU that is lost', () => {
  const calls = callsOf(H200S);
  set(calls, 'nvmlDeviceGetHandleByIndex_v2', '0', refused('GPU_IS_LOST'));
  const machine = { ...H200S, calls };

  it.each([[['-q']], [['-q', '-x']]])('does not hide the other with %j, and ends with 15', async (argv) => {
    const { out, status } = await runOn(machine, argv);
    expect(status).toBe(15);
    expect(out).toMatch(/Product Name +: GPU is lost|<product_name>GPU is lost</);
    expect(out).toMatch(/Product Name +: NVIDIA H200|<product_name>NVIDIA H200</);
    // Its bus id is lost with it.
    expect(out).toMatch(/^GPU 0$|<gpu id="0">/m);
  });
});

describe('a process with line breaks in its name', () => {
  it('keeps to its line in text', async () => {
    const base = h100();
    const calls = callsOf(base);
    const process = { pid: 7, usedGpuMemory: 1, gpuInstanceId: 0xffffffff, computeInstanceId: 0xffffffff };
    set(calls, 'nvmlDeviceGetComputeRunningProcesses_v3', 'gpu0', [process]);
    set(calls, 'nvmlSystemGetProcessName', '7', 'a\nGPU 00000000:FF:00.0\u001b[2J');
    const { out } = await runOn({ ...base, calls }, ['-q', '-d', 'PIDS']);
    expect(out).toContain('            Name                          : a?GPU 00000000:FF:00.0?[2J\n');
  });
});

describe('accounted processes', () => {
  const base = h100();
  const calls = callsOf(base);
  set(calls, 'nvmlDeviceGetAccountingMode', 'gpu0', 1);
  set(calls, 'nvmlDeviceGetAccountingPids', 'gpu0', [54796]);
  set(calls, 'nvmlDeviceGetAccountingStats', 'gpu0,54796', {
    gpuUtilization: 3,
    memoryUtilization: 1,
    maxMemoryUsage: 843 * 1024 * 1024,
    time: 18228,
    startTime: 0,
    isRunning: 0,
    reserved: [],
  });
  const machine = { ...base, calls };

  it('are in the text where their group is asked for', async () => {
    expect((await runOn(machine, ['-q', '-d', 'ACCOUNTING'])).out).toContain(
      [
        '    Accounted Processes',
        '        Process ID                                     : 54796',
        '            GPU Utilization                            : 3 %',
        '            Memory Utilization                         : 1 %',
        '            Max memory usage                           : 843 MiB',
        '            Time                                       : 18228 ms',
        '            Is Running                                 : 0',
        '',
      ].join('\n'),
    );
    expect((await runOn(machine, ['-q'])).out).not.toContain('Accounted Processes');
  });

  it('have the elements that a V100 showed', async () => {
    const { out } = await runOn(machine, ['-q', '-x']);
    expect(out.replaceAll(/[\t\n]/g, '')).toContain(
      '<accounted_process_info><pid>54796</pid><gpu_util>3 %</gpu_util><memory_util>1 %</memory_util>' +
        '<max_memory_usage>843 MiB</max_memory_usage><time>18228 ms</time><is_running>0</is_running>' +
        '</accounted_process_info>',
    );
  });
});
