import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { PRESENT } from '../../src/base/release.js';
import * as constants from '../../src/nvml/generated/constants.js';
import { nameOf } from '../../src/query/field.js';
import { columnsIn } from '../../src/query/monitor/column.js';
import { deviceColumns } from '../../src/query/monitor/device.js';
import { gpmMetrics } from '../../src/query/monitor/gpm.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { buildFake } from '../fake-nvml/build.js';
import { H100, H200S } from './idle-gpus.js';
import { golden, indexed, machineWith, runOn, type Shown } from './monitor-machine.js';
import { runOn as runRecorded } from './run-on.js';

const fake = await buildFake();
const schema = JSON.parse(readFileSync(new URL('../../schemas/dmon.schema.json', import.meta.url), 'utf8'));

/** Of the two runs that show PCIe throughput, one hit a quieter moment. */
const QUIET = H200S.map((gpu) => ({ ...gpu, txKB: 981 }));

const MACHINES: Readonly<Record<string, (name: string) => Snapshot>> = {
  'h100-x1': () => machineWith([H100]),
  'h200-x2': (name) => machineWith(name === 'dmon-s-t' ? QUIET : H200S),
};

/** The times that the recorded lines with -o DT begin with. */
const TIMES: Readonly<Record<string, number>> = {
  'h100-x1': new Date(2026, 10, 23, 0, 47, 45).getTime(),
  'h200-x2': new Date(2026, 10, 23, 0, 53, 51).getTime(),
};

describe.each(Object.keys(MACHINES))('dmon on %s', (machine) => {
  it.each(indexed(machine, /^(dmon|gpm)/))(
    'prints what nvidia-smi printed for $name',
    async ({ name, exit, argv }) => {
      const made = MACHINES[machine]?.(name);
      const { status, io } = await runOn(made, argv, { time: TIMES[machine] ?? 0 });
      expect(status).toBe(exit);
      expect(io.output).toBe(golden(`${machine}/${name}.out`));
      if (name === 'dmon-f') expect(io.files.get('dmon-f.txt')).toBe(golden(`${machine}/dmon-f.txt`));
      expect(io.errors).toBe('');
    },
  );
});

/** The GPUs of a line that was recorded under load; the violations need a line before, and are tried below. */
function shownBy(line: string): Shown {
  const [, watts, gtemp, mtemp, sm, mem, , , , , mclk, pclk, , , fb, bar1, , , , , rx, tx] = line
    .trim()
    .split(/ +/)
    .map(Number) as number[];
  return {
    watts: (watts ?? 0) + 0.64,
    gtemp,
    mtemp,
    sm,
    mem,
    mclk,
    pclk,
    fbMiB: (fb ?? 0) - 0.4,
    bar1MiB: (bar1 ?? 0) + 0.6,
    rxKB: (rx ?? 0) * 1024 + 300,
    txKB: (tx ?? 0) * 1024 + 300,
  } as Shown;
}

describe('dmon under load', () => {
  it.each([
    ['h100-x1', 1],
    ['h200-x2', 2],
  ])('prints the lines of %s from the numbers that they show', async (machine, gpus) => {
    const [first = '', second = '', ...lines] = golden(`${machine}/load-dmon.out`).split('\n').slice(0, -1);
    for (let i = 0; i < lines.length; i += gpus) {
      const tick = lines.slice(i, i + gpus);
      const { io } = await runOn(machineWith(tick.map(shownBy)), ['dmon', '-c', '1', '-s', 'pucvmet']);
      // pviol is 100 from the second line on; at the first of a run it is 0.
      const asFirst = tick.map((line) => line.replace(/ {4}100( {6}\d {4}883)/, '      0$1'));
      expect(io.output).toBe(`${[first, second, ...asFirst].join('\n')}\n`);
    }
  });

  it.skipIf(!fake.available)(
    'shows the share of the last tick in which the power limit held the clocks back',
    async () => {
      const at = (referenceTime: number, powerViolation: number, thermalViolation: number) =>
        machineWith([H100], (calls) => {
          calls.nvmlDeviceGetViolationStatus = {
            'gpu0,0': { referenceTime, violationTime: powerViolation },
            'gpu0,1': { referenceTime, violationTime: thermalViolation },
          };
        });
      const start = 1_795_447_818_493_760;
      const run = async (power: number, thermal: number) => {
        const library = fake.with({
          snapshot: at(start, 5_000_000_000, 0),
          later: { after: 1, snapshot: at(start + 1_000_000, 5_000_000_000 + power, thermal) },
        });
        const { io } = await runOn(undefined, ['dmon', '-c', '2', '-s', 'v'], { nvml: library.path });
        return io.output.split('\n').slice(2, -1);
      };
      expect(await run(1_000_000_000, 0)).toEqual(['    0      0      0 ', '    0    100      0 ']);
      expect(await run(333_000_000, 7)).toEqual(['    0      0      0 ', '    0     33      1 ']);
      expect(await run(0, 0)).toEqual(['    0      0      0 ', '    0      0      0 ']);
    },
  );
});

describe('the lines of dmon', () => {
  it('come in one write a tick', async () => {
    expect((await runOn(machineWith(H200S), ['dmon', '-c', '7'])).io.writes).toHaveLength(7);
  });

  it('have the heading again after every 44, as two H200 have', async () => {
    const { io } = await runOn(machineWith(H200S), ['dmon', '-c', '50', '-s', 'p']);
    const lines = io.output.split('\n').slice(0, -1);
    const headings = lines.flatMap((line, i) => (line.startsWith('# gpu') ? [i] : []));
    expect(headings).toEqual([0, 46, 92]);
    expect(lines.filter((line) => !line.startsWith('#'))).toHaveLength(100);
  });

  it('count ECC errors since the driver was loaded, not over the life of the GPU', async () => {
    const machine = machineWith([H100], (calls) => {
      calls.nvmlDeviceGetTotalEccErrors = { 'gpu0,0,0': 3, 'gpu0,0,1': 11, 'gpu0,1,0': 2, 'gpu0,1,1': 12 };
    });
    const { io } = await runOn(machine, ['dmon', '-c', '1', '-s', 'e']);
    expect(io.output.split('\n')[2]?.trim().split(/ +/).slice(0, 3)).toEqual(['0', '3', '2']);
  });

  it('have no second heading in CSV', async () => {
    const { io } = await runOn(machineWith([H100]), ['dmon', '-c', '60', '--format', 'csv']);
    expect(io.output.match(/#gpu/g)).toHaveLength(1);
  });

  it('show - for what a GPU lacks, and for all of a lost GPU, and end with 15', async () => {
    const machine = machineWith(H200S, (calls) => {
      calls.nvmlDeviceGetUtilizationRates = {
        ...calls.nvmlDeviceGetUtilizationRates,
        gpu0: { error: 'NVML_ERROR_NOT_SUPPORTED' },
      };
      calls.nvmlDeviceGetHandleByIndex_v2 = { 0: 'gpu0', 1: { error: 'NVML_ERROR_GPU_IS_LOST' } };
    });
    const { io, status } = await runOn(machine, ['dmon', '-c', '1']);
    expect(io.output.split('\n').slice(2)).toEqual([
      '    0     77     31     36      -      -      0      0      0      0   3201    345 ',
      '    1      -      -      -      -      -      -      -      -      -      -      - ',
      '',
    ]);
    expect(status).toBe(15);
  });
});

describe('PCIe throughput', () => {
  it.skipIf(!fake.available)('is measured on all GPUs at once', async () => {
    const library = fake.with({
      snapshot: machineWith(H200S),
      faults: [{ fn: 'nvmlDeviceGetPcieThroughput', together: 2 }],
    });
    const { io, status } = await runOn(undefined, ['dmon', '-c', '2', '-s', 't'], { nvml: library.path });
    expect(status).toBe(0);
    const tick = ['    0      0      0 ', '    1      0      1 '];
    expect(io.output.split('\n').slice(2, -1)).toEqual([...tick, ...tick]);
  });
});

describe('dmon as JSON', () => {
  const validate = new Ajv2020({ validateFormats: false, allowUnionTypes: true }).compile(schema);

  it('is a document a tick, with the names and the numbers of --query-gpu', async () => {
    const { io } = await runOn(machineWith(H200S), ['dmon', '-c', '1', '-s', 'pucvmet', '--format', 'json']);
    const document = JSON.parse(io.output) as { readonly gpus: readonly Record<string, unknown>[] };
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(document.gpus[1]).toMatchObject({
      timestamp: '2026-11-23T00:00:00.000Z',
      gpu: 1,
      uuid: expect.stringMatching(/^GPU-/),
      'power.draw': 79.71,
      'clocks.current.memory': 3201,
      'violation.power': 0,
      'violation.thermal': false,
      'pcie.throughput.rx': 573,
      'pcie.throughput.tx': 1047,
    });
  });

  it.each(['h200-x2', 'h100-x1', 'rtx-4090'])('has the numbers of a query on %s', async (machine) => {
    const json = async (...argv: readonly string[]) =>
      JSON.parse((await runRecorded(machine, argv)).out).gpus[0] as Record<string, unknown>;
    const dmon = await json('dmon', '-c', '1', '-s', 'puce', '--format', 'json');
    const names = columnsIn(deviceColumns, PRESENT)
      .filter(({ group }) => 'puce'.includes(group))
      .map(({ field }) => nameOf(field))
      .filter((name) => name !== 'pcie.replay_counter');
    const query = await json(`--query-gpu=${names.join(',')}`, '--format=json');
    expect(names.map((name) => [name, dmon[name]])).toEqual(names.map((name) => [name, query[name]]));
  });

  it('is a line a tick in a loop', async () => {
    const argv = ['dmon', '-c', '3', '-s', 'p', '--format', 'json'];
    const { io } = await runOn(machineWith(H200S), argv);
    const ticks = io.output.trimEnd().split('\n');
    expect(ticks).toHaveLength(3);
    expect(ticks.map((line) => validate(JSON.parse(line)))).toEqual([true, true, true]);
  });

  it('is an object a line with jsonl, null with a reason where a value is absent', async () => {
    const { io } = await runOn(machineWith(H200S), [
      'dmon',
      '-c',
      '3',
      '-s',
      'p',
      '--gpm-metrics',
      '1',
      '--format',
      'jsonl',
    ]);
    const records = io.output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records).toHaveLength(6);
    const gpus = records.map(({ schema_version: _, ...record }) => record);
    expect(validate({ gpus, schema_version: 1 }), JSON.stringify(validate.errors)).toBe(true);
    expect(records[0]?.gract).toBeNull();
    expect(records[0]?.reasons).toHaveProperty('gract');
  });
});

describe('the tables of dmon', () => {
  it('name every column once', () => {
    const names = [...deviceColumns, ...gpmMetrics].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('have a row for every GPM metric of NVML, and names that fit their columns', () => {
    const ids = Object.entries(constants)
      .filter(([name]) => /^NVML_GPM_METRIC_(?!MAX$)/.test(name))
      .map(([, value]) => value as number);
    expect(gpmMetrics.map(({ id }) => id)).toEqual([...ids].sort((a, b) => a - b));
    for (const { name, width, unit } of gpmMetrics) {
      expect(name.length).toBeLessThanOrEqual(width);
      expect(unit.length).toBeLessThanOrEqual(width);
    }
  });
});
