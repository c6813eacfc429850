import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { buildFake } from '../fake-nvml/build.js';
import { golden, indexed, machineWith, type RunningProcess, runOn } from './monitor-machine.js';

const fake = await buildFake();
const schema = JSON.parse(readFileSync(new URL('../../schemas/pmon.schema.json', import.meta.url), 'utf8'));

const TIMES: Readonly<Record<string, number>> = {
  'h100-x1': new Date(2026, 10, 23, 0, 47, 50).getTime(),
  'h200-x2': new Date(2026, 10, 23, 0, 53, 55).getTime(),
};

const python = (smUtil: number, memUtil: number): readonly RunningProcess[] => [
  { pid: smUtil === 94 ? 2194 : 2469, name: 'python3', fbMiB: 874, use: { smUtil, memUtil } },
];

describe.each([
  ['h100-x1', 1],
  ['h200-x2', 2],
] as const)('pmon on an idle %s', (machine, gpus) => {
  it.each(indexed(machine, /^pmon/))(
    'prints what nvidia-smi printed for $name',
    async ({ name, exit, argv }) => {
      const idle = machineWith(Array.from({ length: gpus }, () => ({ processes: [] })));
      const { status, io } = await runOn(idle, argv, { time: TIMES[machine] ?? 0 });
      expect(status).toBe(exit);
      expect(io.output).toBe(golden(`${machine}/${name}.out`));
      expect(io.errors).toBe('');
    },
  );
});

describe('pmon under load', () => {
  it('prints what nvidia-smi printed on the H100', async () => {
    const { io } = await runOn(machineWith([{ processes: python(94, 29) }]), ['pmon', '-c', '2', '-s', 'um']);
    expect(io.output).toBe(golden('h100-x1/load-pmon.out'));
  });

  it('prints what nvidia-smi printed on the two H200s, tick by tick', async () => {
    const recorded = golden('h200-x2/load-pmon.out').split('\n');
    for (const [tick, second] of [98, 99].entries()) {
      const machine = machineWith([{ processes: python(97, 22) }, { processes: python(second, 22) }]);
      const { io } = await runOn(machine, ['pmon', '-c', '1', '-s', 'um']);
      const lines = [...recorded.slice(0, 2), ...recorded.slice(2 + tick * 2, 4 + tick * 2)];
      expect(io.output).toBe(`${lines.join('\n')}\n`);
    }
  });

  const WIDEST = '    0       2056   C+G      -      -      -      -      -      -    TextInputHost.e'.length;

  it.each(['rtx2080s-595', 'rtx2080s-windows-591', 'h100-mig-590'])(
    'prints the lines of %s from the processes that they show',
    async (machine) => {
      const [names, units, ...rest] = golden(`elsewhere/${machine}-load-pmon.txt`).split('\n');
      const lines = rest.filter((line) => line !== '' && !line.startsWith('#'));
      const perTick = lines.findIndex((line, i) => i > 0 && pidOf(line) === pidOf(lines[0] ?? ''));
      for (let i = 0; i + perTick <= lines.length; i += perTick) {
        // Windows with 591 had room for a letter more than all others (Windows with 610, Linux with 580).
        const tick = lines.slice(i, i + perTick).map((line) => line.slice(0, WIDEST));
        const { io } = await runOn(machineWith([{ processes: tick.map(processOf) }]), ['pmon', '-c', '1']);
        expect(io.output).toBe(`${[names, units, ...tick].join('\n')}\n`);
      }
    },
  );
});

const pidOf = (line: string): string => line.slice(5, 16).trim();

/** The process of a recorded line. */
function processOf(line: string): RunningProcess {
  const [, pid, type, sm, mem, enc] = line.trim().split(/ +/);
  const percent = (text: string | undefined): number => (text === '-' ? 0 : Number(text));
  return {
    pid: Number(pid),
    type: type as 'C',
    name: `/usr/bin/${line.slice(67).trim()}`,
    use: { smUtil: percent(sm), memUtil: percent(mem), encUtil: percent(enc) },
  };
}

describe('a process', () => {
  const lineOf = async (process: Omit<RunningProcess, 'pid'>, ...argv: string[]): Promise<string> => {
    const machine = machineWith([{ processes: [{ pid: 77, ...process }] }]);
    const { io } = await runOn(machine, ['pmon', '-c', '1', ...argv]);
    return io.output.split('\n').slice(2).join('\n');
  };

  it.each(['C', 'G', 'C+G', 'M+C'] as const)('of type %s says so', async (type) => {
    expect((await lineOf({ name: 'a', type })).slice(16, 22).trim()).toBe(type);
  });

  it('is named by the last part of its path, cut to 15 characters', async () => {
    expect(await lineOf({ name: '/opt/a b/bin/averyveryverylongname' })).toMatch(/ {4}averyveryverylo\n$/);
    expect(await lineOf({ name: 'C:\\Program Files\\x\\dwm.exe' })).toMatch(/ {4}dwm\.exe {8}\n$/);
  });

  it('keeps its line whatever it is called', async () => {
    const line = await lineOf({ name: '/bin/e\nvil\u001b[2J\u2028name' });
    expect(line.split('\n')).toHaveLength(2);
    expect(line).toMatch(/ {4}e\?vil\?\[2J\?name \n$/);
    expect(line).not.toContain('\u001b');
  });

  it('keeps the column where its letters are wide', async () => {
    expect(await lineOf({ name: '/bin/求解程序超级计算' })).toMatch(/ {4}求解程序超级计 \n$/);
  });

  it('without a name has blanks, and one that NVML no longer finds has -', async () => {
    expect(await lineOf({ name: '' })).toMatch(/- {19}\n$/);
    const machine = machineWith([{ processes: [{ pid: 77, name: 'x' }] }], (calls) => {
      calls.nvmlSystemGetProcessName = { 77: { error: 'NVML_ERROR_NOT_FOUND' } };
    });
    const { io } = await runOn(machine, ['pmon', '-c', '1', '-s', 'm', '--format', 'jsonl']);
    expect(JSON.parse(io.output)).toMatchObject({ pid: 77, process_name: null });
  });

  it('shows the protected memory that NVML counts for it where confidential computing is on', async () => {
    const MIB = 1024 * 1024;
    const machine = machineWith([{ processes: [{ pid: 77, name: 'x', fbMiB: 500 }] }], (calls) => {
      calls.nvmlDeviceGetConfComputeProtectedMemoryUsage = { gpu0: { total: 9e9, free: 8e9, used: 1e9 } };
      calls.nvmlDeviceGetRunningProcessDetailList = {
        'gpu0,mode=0': {
          version: 16777240,
          mode: 0,
          numProcArrayEntries: 1,
          procArray: [
            {
              pid: 77,
              usedGpuMemory: 500 * MIB,
              gpuInstanceId: 0,
              computeInstanceId: 0,
              usedGpuCcProtectedMemory: 300 * MIB,
            },
          ],
        },
      };
    });
    const { io } = await runOn(machine, ['pmon', '-c', '1', '-s', 'm', '--format', 'jsonl']);
    expect(JSON.parse(io.output)).toMatchObject({
      used_gpu_memory: 500,
      'protected_memory.used': 300,
    });
  });
});

describe('utilization', () => {
  const sample = (pid: number, timeStamp: number, smUtil: number) => ({
    timeStamp,
    pid,
    smUtil,
    memUtil: 1,
    encUtil: 0,
    decUtil: 0,
    jpgUtil: 0,
    ofaUtil: 0,
  });
  const infos = (...samples: ReturnType<typeof sample>[]) => ({
    version: 16777240,
    processSamplesCount: samples.length,
    lastSeenTimeStamp: 0,
    procUtilArray: samples,
  });
  const processes = [
    { pid: 5, name: 'five' },
    { pid: 6, name: 'six' },
  ];
  const smOf = (output: string): readonly string[] =>
    output
      .split('\n')
      .filter((line) => /^ /.test(line))
      .map((line) => line.slice(23, 29).trim());

  it.skipIf(!fake.available)('is asked for since the newest sample, each GPU with its own', async () => {
    const T = 1795447816000000;
    const snapshot = machineWith([{ processes }, { processes }], (calls) => {
      calls.nvmlDeviceGetProcessesUtilizationInfo = {
        'gpu0,lastSeenTimeStamp=0': infos(sample(5, T, 10), sample(6, T + 3, 20)),
        [`gpu0,lastSeenTimeStamp=${T + 3}`]: infos(sample(5, T + 9, 11)),
        'gpu1,lastSeenTimeStamp=0': infos(sample(5, T + 500, 30), sample(5, T + 400, 29)),
        [`gpu1,lastSeenTimeStamp=${T + 500}`]: { error: 'NVML_ERROR_NOT_FOUND' },
      };
    });
    const library = fake.with({ snapshot });
    const { io, status } = await runOn(undefined, ['pmon', '-c', '2'], { nvml: library.path });
    expect(status).toBe(0);
    // GPU 0: both processes, then only the one with a newer sample. GPU 1: the newest of two, then nothing new.
    expect(smOf(io.output)).toEqual(['10', '20', '30', '-', '11', '-', '-', '-']);
    const asked = library.log().filter(({ fn }) => fn === 'nvmlDeviceGetProcessesUtilizationInfo');
    expect(asked).toHaveLength(4);
  });

  it.skipIf(!fake.available)('comes from the older call where the driver has no newer one', async () => {
    const older = await buildFake({ without: ['nvmlDeviceGetProcessesUtilizationInfo'] });
    const T = 1795447816000000;
    const old = (pid: number, timeStamp: number, smUtil: number) => ({
      pid,
      timeStamp,
      smUtil,
      memUtil: 2,
      encUtil: 0,
      decUtil: 0,
    });
    const snapshot = machineWith([{ processes }], (calls) => {
      calls.nvmlDeviceGetProcessUtilization = {
        'gpu0,0': [old(5, T, 40), old(6, T + 1, 50)],
        [`gpu0,${T + 1}`]: [old(6, T + 8, 51)],
      };
    });
    const library = older.with({ snapshot });
    const { io } = await runOn(undefined, ['pmon', '-c', '2', '--format', 'jsonl'], { nvml: library.path });
    const records = io.output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map((record) => record['utilization.gpu'])).toEqual([40, 50, null, 51]);
    expect(records[0]).toMatchObject({
      'utilization.memory': 2,
      'utilization.jpeg': null,
      'utilization.ofa': null,
    });
  });
});

describe('the options of pmon', () => {
  const run = (...argv: string[]) =>
    runOn(machineWith([{ processes: [] }, { processes: [] }]), ['pmon', ...argv]);

  it.each<[argv: string, status: number, says: string]>([
    ['-c 1 -d 11', 2, 'Collection delay/interval should be between 1 second and 10 seconds\n'],
    ['-c 1 -d 0', 2, 'Collection delay/interval should be between 1 second and 10 seconds\n'],
    ['-c 0', 2, 'Invalid value for number of samples to be displayed\n'],
    ['-c 1 -s z', 255, 'Failed to find any metric to display\nFailed to process command line \n\n'],
    ['-c 1 -o X', 255, 'Error in parsing options\nFailed to process command line \n\n'],
    ['--bogus', 2, 'Option "--bogus" is not recognized.\n'],
    ['extra', 2, 'Option "extra" is not recognized.\n'],
    ['-i 9', 6, 'No devices were found\n'],
  ])('refuse %s with status %i', async (argv, status, says) => {
    const ran = await run(...argv.split(' '));
    expect(ran.io.output).toBe(says);
    expect(ran.status).toBe(status);
  });

  it('choose a GPU by its UUID', async () => {
    const { io } = await run('--count', '1', '--id', 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000001');
    expect(io.output.split('\n').slice(2)).toEqual([
      '    1          -     -      -      -      -      -      -      -    -              ',
      '',
    ]);
  });

  it('order the columns as their letters', async () => {
    const { io } = await run('-c', '1', '-s', 'mu');
    expect(io.output.split('\n')[0]).toBe(
      '# gpu         pid   type     fb   ccpm     sm    mem    enc    dec    jpg    ofa    command ',
    );
  });
});

describe('pmon as JSON', () => {
  it('has a record for every process, and none for a GPU without', async () => {
    const machine = machineWith([
      { processes: [] },
      { processes: [{ pid: 9, name: '/usr/bin/a\nb', fbMiB: 12, use: { smUtil: 0, memUtil: 3 } }] },
    ]);
    const { io } = await runOn(machine, ['pmon', '-c', '1', '-s', 'um', '--format', 'json']);
    const records = JSON.parse(io.output) as unknown;
    const validate = new Ajv2020({ validateFormats: false, allowUnionTypes: true }).compile(schema);
    expect(validate(records), JSON.stringify(validate.errors)).toBe(true);
    expect((records as { readonly processes: unknown }).processes).toEqual([
      {
        timestamp: '2026-11-23T00:00:00.000Z',
        gpu: 1,
        uuid: expect.stringMatching(/^GPU-/),
        pid: 9,
        type: 'C',
        process_name: '/usr/bin/a\nb',
        'utilization.gpu': 0,
        'utilization.memory': 3,
        'utilization.encoder': 0,
        'utilization.decoder': 0,
        'utilization.jpeg': 0,
        'utilization.ofa': 0,
        used_gpu_memory: 12,
        'protected_memory.used': 0,
      },
    ]);
  });
});
