import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { RecordWriter } from '../../src/system/record-file.js';
import { temporaryFolder } from '../temporary.js';
import { machineWith, runOn } from './monitor-machine.js';

const NOON = new Date(2026, 10, 23, 12).getTime();
const machine = machineWith([
  { watts: 70.5, gtemp: 30 },
  { watts: 80.999, gtemp: 31 },
]);

/** A recording of noon, 12:00:10, 12:00:20 and so on. */
async function recording(ticks: number, ...argv: string[]): Promise<string> {
  const folder = temporaryFolder();
  await runOn(machine, ['daemon', '--foreground', '-p', folder, ...argv], { time: NOON, waits: ticks - 1 });
  return join(folder, 'nvstats-20261123');
}

const replay = (path: string, ...argv: string[]) => runOn(undefined, ['replay', '-f', path, ...argv]);

describe('replay', () => {
  it('prints a recording as dmon -o T prints a machine, without a GPU', async () => {
    const path = await recording(2);
    const { io, status } = await replay(path);
    expect(status).toBe(0);
    expect(io.output).toBe(
      [
        '#Time         gpu    pwr  gtemp  mtemp     sm    mem    enc    dec    jpg    ofa   mclk   pclk ',
        '#HH:MM:SS     Idx      W      C      C      %      %      %      %      %      %    MHz    MHz ',
        ' 12:00:00       0     70     30     40      0      0      0      0      0      0   2619    345 ',
        ' 12:00:00       1     80     31     40      0      0      0      0      0      0   2619    345 ',
        ' 12:00:10       0     70     30     40      0      0      0      0      0      0   2619    345 ',
        ' 12:00:10       1     80     31     40      0      0      0      0      0      0   2619    345 ',
        '',
      ].join('\n'),
    );
    const dmon = await runOn(machine, ['dmon', '-c', '1', '-o', 'T'], { time: NOON });
    expect(io.output.split('\n').slice(0, 4)).toEqual(dmon.io.output.split('\n').slice(0, 4));
  });

  it('shows - for columns that were not recorded', async () => {
    const path = await recording(1, '-s', 'p');
    const { io } = await replay(path, '-s', 'cp', '-i', '0');
    expect(io.output.split('\n')[2]).toBe(' 12:00:00       0      -      -     70     30     40 ');
  });

  it.each([
    ['-b 12:00:20', ['12:00:20', '12:00:30']],
    ['-e 12:00:10', ['12:00:00', '12:00:10']],
    ['-b 12:00:05 -e 12:00:25', ['12:00:10', '12:00:20']],
    ['-b 11:59 -e 12:00', ['12:00:00']],
  ])('keeps to the times of %s', async (argv, times) => {
    const path = await recording(4, '-i', '0');
    const { io } = await replay(path, ...argv.split(' '));
    expect(
      io.output
        .split('\n')
        .slice(2, -1)
        .map((line) => line.slice(1, 9)),
    ).toEqual(times);
  });

  it('chooses GPUs by index and by UUID', async () => {
    const path = await recording(1, '-s', 'p');
    const gpus = async (id: string): Promise<readonly string[]> =>
      (await replay(path, '-i', id)).io.output
        .split('\n')
        .slice(2, -1)
        .map((line) => line.slice(13, 17).trim());
    expect(await gpus('1')).toEqual(['1']);
    expect(await gpus('gpu-A0B1C2D0-1111-4a4a-8b8b-5eed00000001')).toEqual(['1']);
    expect(await gpus('0,1')).toEqual(['0', '1']);
  });

  it('writes to the file of -r', async () => {
    const path = await recording(1, '-s', 'p', '-i', '0');
    const { io } = await replay(path, '-r', 'out.txt', '-s', 'p');
    expect(io.output).toBe('');
    expect(io.files.get('out.txt')).toMatch(/12:00:00 {7}0 {5}70/);
  });

  it('prints CSV and JSON', async () => {
    const path = await recording(1, '-s', 'p');
    expect((await replay(path, '-s', 'p', '--format', 'csv,nounit')).io.output).toBe(
      '#Time, gpu, pwr, gtemp, mtemp\n 12:00:00, 0, 70, 30, 40\n 12:00:00, 1, 80, 31, 40\n',
    );
    const records = JSON.parse((await replay(path, '-s', 'pc', '--format', 'json')).io.output) as unknown;
    const schema = JSON.parse(
      readFileSync(new URL('../../schemas/dmon.schema.json', import.meta.url), 'utf8'),
    );
    const validate = new Ajv2020({ validateFormats: false, allowUnionTypes: true }).compile(schema);
    expect(validate(records), JSON.stringify(validate.errors)).toBe(true);
    expect((records as { readonly gpus: readonly unknown[] }).gpus[1]).toMatchObject({
      timestamp: new Date(NOON).toISOString(),
      gpu: 1,
      uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000001',
      'power.draw': 81,
      'clocks.current.memory': null,
      reasons: { 'clocks.current.memory': expect.any(String) },
    });
  });

  it('follows the head of every recorder that wrote to the file', async () => {
    const path = await recording(1, '-s', 'p', '-i', '0');
    const later = { time: NOON + 60_000, waits: 0 };
    await runOn(machine, ['daemon', '--foreground', '-p', join(path, '..'), '-s', 'c', '-i', '1'], later);
    const { io } = await replay(path, '-s', 'pc');
    expect(io.output.split('\n').slice(2, -1)).toEqual([
      ' 12:00:00       0     70     30     40      -      - ',
      ' 12:01:00       1      -      -      -   2619    345 ',
    ]);
  });

  it('shows what is whole of a file that is torn', async () => {
    const path = await recording(3, '-s', 'p', '-i', '0');
    writeFileSync(path, readFileSync(path).subarray(0, -14));
    expect((await replay(path, '-s', 'p')).io.output.split('\n')).toHaveLength(2 + 2 + 1);
  });

  it.each<[what: string, make: (path: string) => void, says: RegExp]>([
    ['is not there', () => {}, /^Cannot read .*ENOENT/],
    ['is empty', (path) => writeFileSync(path, ''), /not a recording, or nothing was recorded yet/],
    ['is something else', (path) => writeFileSync(path, 'hello\n'), /not a recording/],
    [
      'is of a newer version',
      (path) => {
        const writer = new RecordWriter(path);
        writer.write('{"format":"nvsmi-daemon","version":2}');
        writer.close();
      },
      /line 1: version 2 is not known/,
    ],
    [
      'has lines that are no JSON',
      (path) => {
        const writer = new RecordWriter(path);
        writer.write('tick');
        writer.close();
      },
      /line 1 is no JSON object/,
    ],
    ['is gzip of another kind', (path) => appendFileSync(path, gzipSync('{"a":1}\n')), /not a recording/],
  ])('says what is wrong where the file %s', async (_, make, says) => {
    const path = join(temporaryFolder(), 'file');
    make(path);
    const { io, status } = await replay(path);
    expect(io.output).toMatch(says);
    expect(status).toBe(2);
  });

  describe('where bytes are damaged', () => {
    /** Recorders of the same day; where each begins in the file. */
    const several = async (ticks: number, recorders: number) => {
      const folder = temporaryFolder();
      const path = join(folder, 'nvstats-20261123');
      const begins: number[] = [];
      for (let i = 0; i < recorders; i++) {
        begins.push(i === 0 ? 0 : statSync(path).size);
        await runOn(machine, ['daemon', '--foreground', '-p', folder, '-i', '0'], {
          time: NOON + i * 3_600_000,
          waits: ticks - 1,
        });
      }
      return { path, begins };
    };
    const shown = (output: string): readonly string[] =>
      output.split('\n').flatMap((line) => /\d\d:\d\d:\d\d/.exec(line)?.[0] ?? []);
    const damage = (path: string, at: number): void => {
      const bytes = readFileSync(path);
      bytes.fill(0xff, at, at + 6);
      writeFileSync(path, bytes);
    };

    it('shows the ticks before them and from the next head on, and says where with status 2', async () => {
      const { path, begins } = await several(20, 3);
      const whole = shown((await replay(path)).io.output);
      expect(whole).toHaveLength(60);
      const [, second = 0, third = 0] = begins;
      damage(path, third - 60);
      const { io, status } = await replay(path);
      const left = shown(io.output);
      expect(left.slice(0, 21)).toEqual(whole.slice(0, 21));
      expect(left.slice(-20)).toEqual(whole.slice(-20));
      expect(left.length).toBeLessThan(60);
      expect(status).toBe(2);
      const [, from, to] = /: damaged between byte (\d+) and byte (\d+)\n$/.exec(io.errors) ?? [];
      expect(Number(from)).toBeGreaterThan(second);
      expect(Number(from)).toBeLessThanOrEqual(third - 60);
      expect(Number(to)).toBe(third);
    });

    it('shows what follows the next head where one is damaged', async () => {
      const { path, begins } = await several(5, 2);
      damage(path, 0);
      const { io, status } = await replay(path);
      expect(shown(io.output)).toHaveLength(5);
      expect(status).toBe(2);
      expect(io.errors).toContain(`damaged between byte 0 and byte ${begins[1]}\n`);
    });

    it('says so where a checksum is wrong', async () => {
      const { path } = await several(5, 1);
      const { size } = statSync(path);
      damage(path, size - 8);
      const { io, status } = await replay(path);
      expect(shown(io.output)).toHaveLength(4);
      expect(status).toBe(2);
      expect(io.errors).toMatch(new RegExp(`: damaged between byte \\d+ and byte ${size}\n$`));
    });

    it('skips a line that is not a tick, and names it', async () => {
      const { path } = await several(3, 1);
      const writer = new RecordWriter(path);
      writer.write('{"t":1,');
      writer.write('{"t":1}');
      writer.close();
      const { io, status } = await replay(path);
      expect(shown(io.output)).toHaveLength(3);
      expect(status).toBe(2);
      expect(io.errors).toBe(`${path}: line 5 is no JSON object\n`);
    });

    it('is no hurdle for the next recorder, which keeps what is there', async () => {
      const { path, begins } = await several(20, 2);
      damage(path, (begins[1] ?? 0) - 60);
      const before = readFileSync(path);
      const writer = new RecordWriter(path);
      writer.close();
      expect(readFileSync(path).equals(before)).toBe(true);
    });
  });

  it.each([
    [[], 2, /^Option -f is missing: it gives the recording to show\.\n$/],
    [['-f', 'x', '-b', '25:00:00'], 2, /^A time of day must be HH:MM:SS, not 25:00:00\n$/],
    [['-f', 'x', '-e', 'noon'], 2, /^A time of day must be HH:MM:SS, not noon\n$/],
    [['-f', 'x', '-s', 'z'], 255, /^Failed to find any metric to display\n/],
  ] as const)('refuses the options %j', async (argv, status, says) => {
    const ran = await runOn(undefined, ['replay', ...argv]);
    expect(ran.io.output).toMatch(says);
    expect(ran.status).toBe(status);
  });

  it('says that nothing fits, with the status of no such device', async () => {
    const path = await recording(1);
    const { io, status } = await replay(path, '-i', '7');
    expect(io.output).toBe('Nothing in the recording matches.\n');
    expect(status).toBe(6);
  });

  const headOf = (columns: readonly object[]): string =>
    JSON.stringify({
      format: 'nvsmi-daemon',
      version: 1,
      started: '2026-11-23T12:00:00.000Z',
      driver: null,
      delay: 1,
      columns,
      gpus: [],
    });

  it('of more than any machine could record is refused', async () => {
    const head = headOf([]);
    const path = join(temporaryFolder(), 'flood');
    writeFileSync(path, gzipSync(`${head}\n${'{}\n'.repeat(1_000_001)}`));
    expect((await replay(path)).io.output).toMatch(/^Cannot read .*: more than 1000000 lines, which no/);
    writeFileSync(path, gzipSync(`${head}\n{"t":1,"g":[${'[0],'.repeat(256)}[0]]}\n`));
    const { io, status } = await replay(path);
    expect(io.errors).toBe(`${path}: line 2: g: a list of at most 256 is needed, not a list\n`);
    expect(status).toBe(6);
    writeFileSync(path, gzipSync(`${head}\n{"t":1,"g":[[${'0,'.repeat(600_000)}0]]}\n`));
    expect((await replay(path)).io.errors).toBe(`${path}: line 2 is no JSON object\n`);
  });

  it('of many lines is written as a whole, in every form', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `{"t":${NOON + i * 1000},"g":[[0,${i}]]}\n`);
    const columns = [{ name: 'power.draw', unit: 'W' }];
    const head = headOf(columns);
    const path = join(temporaryFolder(), 'long');
    writeFileSync(path, gzipSync(`${head}\n${lines.join('')}`));
    const shown = async (format: string): Promise<string> =>
      (await replay(path, '-s', 'p', '--format', format)).io.output;
    const watts = (records: readonly Record<string, number>[]): readonly unknown[] =>
      records.map((record) => record['power.draw']);
    const all = lines.map((_, i) => i);
    expect(watts(JSON.parse(await shown('json')).gpus)).toEqual(all);
    const jsonl = (await shown('jsonl')).trimEnd().split('\n');
    expect(watts(jsonl.map((line) => JSON.parse(line)))).toEqual(all);
    const csv = (await shown('csv,nounit')).trimEnd().split('\n');
    expect(csv.slice(1).map((line) => Number(line.split(',')[2]))).toEqual(all);
  });
});
