import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { PRESENT } from '../../src/base/release.js';
import { nameOf } from '../../src/query/field.js';
import { gpuTable } from '../../src/query/gpu/index.js';
import { tableAt } from '../../src/query/relation.js';
import { at, MACHINE, nvsmi } from './run.js';

describe('--json without -q', () => {
  const json = async (argv: readonly string[], machine: string) => {
    const { status, out } = await nvsmi([...argv, '--json'], {}, machine);
    return { status, ...JSON.parse(out) };
  };

  it('is the summary, typed, with what is absent as null', async () => {
    const { status, system, gpus, mig_devices, processes } = await json([], 'a100-mig');
    expect(status).toBe(0);
    expect(system).toMatchObject({ driver_version: '580.159.04', cuda_version: '13.0' });
    expect(gpus).toHaveLength(1);
    expect(gpus[0]).toMatchObject({
      'memory.total': 40960,
      'mig.mode.current': true,
      'utilization.gpu': null,
      reasons: { 'utilization.gpu': 'Not Supported' },
    });
    expect(mig_devices[2]).toMatchObject({
      gpu: 0,
      gpu_instance_id: 4,
      compute_instance_id: 0,
      'memory.total': 9984,
      multiprocessors: 28,
    });
    expect(processes[0]).toMatchObject({ gpu_instance_id: 2, pid: 41208, type: 'C', used_gpu_memory: 9644 });
  });

  it('reports a lost GPU with its status, and honors -i', async () => {
    const { status, gpus } = await json([], 'lost-gpu');
    expect(status).toBe(15);
    expect(gpus.filter((gpu: { name: unknown }) => gpu.name === null)).toHaveLength(1);
    expect((await json(['-i', '1'], MACHINE)).gpus).toHaveLength(1);
  });

  it('lists GPUs and MIG devices with -L', async () => {
    const { gpus, mig_devices } = await json(['-L'], 'a100-mig');
    expect(gpus).toEqual([
      { gpu: 0, name: 'NVIDIA A100-SXM4-40GB', uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000' },
    ]);
    expect(mig_devices[2]).toMatchObject({ gpu: 0, device: 2, profile: 'MIG 2g.10gb' });
  });

  it('shows the versions, the excluded GPUs and the host names', async () => {
    expect((await json(['--version'], MACHINE)).versions).toEqual({
      nvsmi_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      nvml_version: '580.159.04',
      driver_version: '580.159.04',
      cuda_version: '13.0',
    });
    expect((await json(['-B'], MACHINE)).excluded_gpus).toEqual([]);
    expect((await json(['--get-hostname', '-i', '1'], MACHINE)).gpus).toMatchObject([
      {
        gpu: 1,
        name: 'NVIDIA H200',
        'pci.bus_id': '00000000:00:07.0',
        hostname: null,
        reasons: { hostname: 'Not Supported' },
      },
    ]);
  });

  it('does not go with -x or -u alone', async () => {
    expect((await nvsmi(['-u', '--json'])).status).toBe(2);
  });
});

/** The fields of the recordings' driver. */
const present = tableAt(gpuTable, PRESENT);

describe('JSON', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/query.schema.json', import.meta.url), 'utf8'),
  ) as object;
  const ajv = new Ajv.default({ allowUnionTypes: true, validateFormats: false });
  const validate = ajv.compile(schema);
  const everyField = `--query-gpu=${present.fields.map(nameOf).join(',')}`;
  const everyName = `--query-gpu=${present.fields.flatMap(({ names }) => names).join(',')}`;

  it.each(['h100-x1', 'h200-x2', 'a100-mig', 'rtx-4090', 't4', 'lost-gpu'])(
    'of every field of %s is what the schema says',
    async (machine) => {
      const { out } = await nvsmi([everyName, '--format=json'], {}, machine);
      const document = JSON.parse(out) as { readonly gpus: readonly object[] };
      expect(document.gpus.length).toBeGreaterThan(0);
      validate(document);
      expect(validate.errors).toBeNull();
    },
  );

  it.each([
    '--query-compute-apps=timestamp,gpu_name,pid,name,used_memory',
    '--query-supported-clocks=mem,gr',
    '--query-remapped-rows=gpu_uuid,remapped_rows.correctable',
    '--query-retired-pages=gpu_uuid,retired_pages.address,retired_pages.cause,retired_pages.timestamp',
  ])('of %s is what the schema says', async (query) => {
    for (const machine of ['hgx-h100-x8', 't4']) {
      const { out } = await nvsmi([query, '--format=json'], {}, machine);
      validate(JSON.parse(out));
      expect(validate.errors).toBeNull();
    }
  });

  it('has null and a reason for every value that CSV shows in brackets, and for no other', async () => {
    const [json, csv] = await Promise.all(
      ['json', 'csv,noheader'].map((format) => nvsmi([everyField, `--format=${format}`], {}, 'h200-x2')),
    );
    const { gpus: records } = JSON.parse(json?.out ?? '') as {
      readonly gpus: readonly (Record<string, unknown> & { reasons: object })[];
    };
    const lines = csv?.out.trimEnd().split('\n') ?? [];
    expect(records).toHaveLength(2);
    records.forEach((record, i) => {
      const cells = lines[i]?.split(', ') ?? [];
      const absent = present.fields
        .filter((_, column) => /^(\[.*\]|N\/A)$/.test(cells[column] ?? ''))
        .map(nameOf);
      expect(Object.keys(record.reasons).sort()).toEqual([...absent].sort());
      expect(absent.filter((name) => record[name] !== null)).toEqual([]);
      expect(Object.keys(record).filter((name) => record[name] === null)).toHaveLength(absent.length);
    });
  });

  it('has numbers in the unit of the field, times in ISO 8601, and the names as they were asked for', async () => {
    const fields =
      'timestamp,gpu_name,memory.total,power.draw,persistence_mode,clocks_throttle_reasons.active,serial';
    const { out } = await nvsmi([`--query-gpu=${fields}`, '--format=json', '-i', '0']);
    expect(JSON.parse(out).gpus).toEqual([
      {
        timestamp: new Date(at('01:41:50.000')).toISOString(),
        gpu_name: 'NVIDIA H200',
        'memory.total': 143771,
        'power.draw': 78.54,
        persistence_mode: true,
        'clocks_throttle_reasons.active': '0x0000000000000001',
        serial: '1650000000001',
      },
    ]);
  });

  it('says why a lost GPU has no values, and leaves status 15', async () => {
    const { status, out } = await nvsmi(
      ['--query-gpu=index,name,temperature.gpu', '--format=json'],
      {},
      'lost-gpu',
    );
    expect(status).toBe(15);
    expect(JSON.parse(out).gpus[5]).toEqual({
      index: 5,
      name: null,
      'temperature.gpu': null,
      reasons: { name: 'GPU is lost', 'temperature.gpu': 'GPU is lost' },
    });
  });

  it('is a line for each tick of a loop', async () => {
    const { io } = await nvsmi(['--query-gpu=index', '--format=json', '-l', '1'], {
      until: ({ slept }) => slept.length === 2,
    });
    const ticks = io.output.trimEnd().split('\n');
    expect(ticks).toHaveLength(3);
    expect(ticks.map((line) => validate(JSON.parse(line)))).toEqual([true, true, true]);
  });

  it('of lines is one record a line, whole at every tick of a loop', async () => {
    const { io } = await nvsmi(['--query-gpu=index,timestamp', '--format=jsonl', '-l', '1'], {
      until: ({ slept }) => slept.length === 2,
    });
    expect(io.writes).toHaveLength(3);
    const records = io.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { timestamp: string });
    validate({ gpus: records, schema_version: 1 });
    expect(validate.errors).toBeNull();
    expect(records.map(({ timestamp }) => Date.parse(timestamp) - at('01:41:50.000'))).toEqual([
      0, 0, 1000, 1000, 2000, 2000,
    ]);
  });

  it('refuses what is no record', () => {
    const isValid = (record: object): boolean => validate({ gpus: [record], schema_version: 1 });
    expect(isValid({ name: 'NVIDIA H200' })).toBe(true);
    expect(isValid({ name: 5 })).toBe(false);
    expect(isValid({ 'memory.total': true })).toBe(false);
    expect(isValid({ name: null, reasons: {} })).toBe(false);
    expect(isValid({ 'no.such': 'value' })).toBe(false);
    expect(validate([])).toBe(false);
  });
});

describe('a failure where JSON was asked for', () => {
  it.each([
    [['--query-gpu=index', '--format=json']],
    [['--query-gpu=index', '--format', 'csv,jsonl']],
    [['-q', '--json']],
    [['dmon', '-c', '1', '--format', 'jsonl']],
  ])('leaves stdout empty for the program that reads it: %j', async (argv) => {
    const { status, out, err } = await nvsmi(argv, {}, 'none');
    expect(status).not.toBe(0);
    expect(out).toBe('');
    expect(err).toMatch(/^.+\n$/);
  });
});
