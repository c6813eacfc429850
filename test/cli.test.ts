/** Command lines without a subcommand: how they are read, refused and answered, and what a loop and a file do. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import Ajv from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../src/cli.js';
import { gpuTable } from '../src/query/gpu/index.js';
import { nameOf } from '../src/query/row.js';
import { FakeIo, localTime, type World } from './fake-io.js';
import { machineFor } from './golden/recorded.js';

const MACHINE = 'h200-x2';
const folder = mkdtempSync(join(tmpdir(), 'nvsmi-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function nvsmi(argv: readonly string[], world: World = {}, machine = MACHINE) {
  const io = new FakeIo(world);
  const status = await main([...argv, '--snapshot', machine], io);
  return { status, out: io.output, err: io.errors, io };
}

interface Case {
  readonly command: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly status: number;
  readonly lines: readonly string[];
}

/** `env NAME=VALUE`, or `bash -c timeout ...`, which ended a loop, may stand before nvidia-smi. */
const COMMAND = /^(?:env (\w+)=(\S*) |bash -c (?:timeout -s \w+ [\d.]+ )?)?nvidia-smi ?(.*)$/;

/** The recorded cases; `-i ` is -i with an empty value. */
const cases = readFileSync(new URL('golden/argv-cases.txt', import.meta.url), 'utf8')
  .split('\n\n')
  .filter((block) => block.startsWith('$ '))
  .map((block): Case => {
    const [first = '', rc = '', ...lines] = block.split('\n');
    const [, name, value = '', options = ''] = COMMAND.exec(first.slice('$ '.length)) ?? [];
    return {
      command: first.slice('$ '.length).replace(/^nvidia-smi ?/, ''),
      argv: options.split(' '),
      env: name === undefined ? {} : { [name]: value },
      status: Number(rc.slice('rc '.length)),
      lines: lines.filter((line) => line !== '').map((line) => line.replace(/^out: ?/, '')),
    };
  });

interface Difference {
  readonly reason: string;
  readonly status: number;
  /** How nvsmi's answer begins. */
  readonly says?: string;
  /** When it looked at a second tick. */
  readonly period?: number;
}

/** A wrong option of a monitor, which nvidia-smi refuses with its usage and status 0. */
const monitorRefusal = (says: string): Difference => ({
  reason: 'a refusal that ends with 0 looks like success',
  status: 2,
  says: `${says}\n`,
});

const BAD_DELAY = (most: number): string =>
  `Collection delay/interval should be between 1 second and ${most} seconds`;

/** Where nvidia-smi is plainly wrong, or says what only its own help says: docs/differences.md. */
const DIFFERENT: Readonly<Record<string, Difference>> = {
  '-l -1': { reason: 'a negative period loops at full speed', status: 2 },
  '-lms abc --query-gpu=index --format=csv': { reason: 'a period that is no number loops', status: 2 },
  '-l 1.5 --query-gpu=index --format=csv': { reason: 'half a second is cut off', status: 0, period: 1500 },
  'dmon --bogus': monitorRefusal('Option "--bogus" is not recognized.'),
  'dmon extra': monitorRefusal('Option "extra" is not recognized.'),
  'pmon --bogus': monitorRefusal('Option "--bogus" is not recognized.'),
  'pmon extra': monitorRefusal('Option "extra" is not recognized.'),
  'dmon -c 1 -d 0': monitorRefusal(BAD_DELAY(600)),
  'dmon -c 1 -d abc': monitorRefusal(BAD_DELAY(600)),
  'dmon -c abc': monitorRefusal('Invalid value for number of samples to be displayed'),
  'pmon -c 1 -d 11': monitorRefusal(BAD_DELAY(10)),
};

/** A full disk, on which nvidia-smi loses its output with status 0: below, by the program itself. */
const NEEDS_A_SHELL = [
  'bash -c nvidia-smi --query-gpu=index --format=csv > /dev/full',
  'bash -c nvidia-smi -q >/dev/full',
];

const ENDED = 124;

/** What differs from moment to moment; of the lines of a monitor all numbers, which keep their places. */
const still = (line: string): string =>
  /^ +\d/.test(line)
    ? line.replace(/ *[\d:]+/g, (cell) => (cell.startsWith('  ') ? '~'.padStart(cell.length) : ' ~'))
    : line
        .replace(/\d\d:\d\d:\d\d(\.\d{3})?/g, '<time>')
        .replace(/\d\dC /g, '<C> ')
        .replace(/ \d\dW /g, ' <W> ');

describe('a recorded command line', () => {
  it('is there often enough to compare with', () => {
    expect(cases.length).toBeGreaterThan(160);
    const known = new Set(cases.map(({ command }) => command));
    expect([...Object.keys(DIFFERENT), ...NEEDS_A_SHELL].filter((command) => !known.has(command))).toEqual(
      [],
    );
  });

  for (const { command, argv, env, status, lines } of cases) {
    const different = DIFFERENT[command];
    if (NEEDS_A_SHELL.includes(command)) continue;
    if (different !== undefined) {
      it(`is answered otherwise on purpose: ${command} (${different.reason})`, async () => {
        const { status, out, io } = await nvsmi(argv, { until: ({ slept }) => slept.length >= 2 });
        const { period } = different;
        const start = at('01:41:50.000');
        expect(status).toBe(different.status);
        expect(io.slept).toEqual(period === undefined ? [] : [start + period, start + 2 * period]);
        if (different.says !== undefined) expect(out).toBe(different.says);
      });
      continue;
    }
    it(`is answered as nvidia-smi answers it: ${command === '' ? '(empty)' : command}`, async () => {
      // Prose is ours, and nothing that is compared follows it.
      const usage = lines.findIndex((line) => line.startsWith('(usage text'));
      const wanted = usage === -1 ? lines : lines.slice(0, usage);
      const until = (io: FakeIo): boolean => io.output.split('\n').length > wanted.length;
      const ours = await nvsmi(argv, { env, until });
      const [file] = ours.io.files.values();
      const printed = (file ?? ours.out).split('\n');
      const compared = printed.slice(0, wanted.length);
      // The end came in the middle of a line.
      if (status === ENDED) compared.push((compared.pop() ?? '').slice(0, wanted.at(-1)?.length));
      expect(compared.map(still)).toEqual(wanted.map(still));
      expect(ours.status).toBe(status === ENDED ? 0 : status);
      // A refusal is all that is printed; a blank line may follow it.
      if (status !== 0 && status !== ENDED) expect(printed.slice(wanted.length).join('')).toBe('');
      expect(ours.err).toBe('');
    });
  }
});

const at = (clock: string): number => localTime(`2026/11/23 ${clock}`);

describe('-i', () => {
  const indexes = async (...argv: readonly string[]) =>
    (await nvsmi([...argv, '--query-gpu=index', '--format=csv,noheader'])).out.trim().split('\n');

  it.each([
    ['an index', ['-i', '1'], ['1']],
    ['its long name', ['--id=1'], ['1']],
    ['its old name', ['-g', '1'], ['1']],
    ['a UUID', ['-i', 'GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001'], ['1']],
    ['a serial number', ['-i', '1650000000002'], ['1']],
    ['a bus id in small letters', ['-i', '00000000:00:07.0'], ['1']],
    ['a comma list, in the order of the GPUs', ['-i', '1,0'], ['0', '1']],
    ['a GPU given twice', ['-i', '0,0'], ['0']],
    ['several -i, all of them', ['-i', '1', '--id', '0'], ['0', '1']],
    ['several -i of which one is no GPU', ['-i', '9', '-i', '1'], ['1']],
  ])('takes %s', async (_, argv, wanted) => {
    expect(await indexes(...argv)).toEqual(wanted);
  });

  it('finds a bus id with capital letters by small ones', async () => {
    const { out } = await nvsmi(
      ['-i', '0000:9d:00.0', '--query-gpu=index', '--format=csv,noheader'],
      {},
      'hgx-h100-x8',
    );
    expect(out).toBe('4\n');
  });
});

describe('an option that changes the GPU', () => {
  it.each([
    ['-pm', '1'],
    ['-lgc', '1500,1500', '-m', '1'],
    ['-m', '0'],
    ['--mode=1'],
    ['-acp', '0'],
    ['--applications-clocks-permission=UNRESTRICTED'],
    ['--auto-boost-default=0'],
    ['--auto-boost-permission', '0'],
    ['-i', '0', '-pl', '300', '-eow'],
    ['--error-on-warning', '-e', '1'],
  ])('is refused: %s %s', async (...argv) => {
    const { status, out } = await nvsmi(argv);
    expect(out).toMatch(/^Option -\S+ changes the GPU, and nvsmi only reads\./);
    expect(status).toBe(2);
  });

  it('is what -eow goes with, and not recognised without', async () => {
    const out = "ERROR: Option --error-on-warning is not recognized. Please run 'nvidia-smi -h'.\n\n";
    expect(await nvsmi(['-q', '--error-on-warning'])).toMatchObject({ status: 255, out });
  });
});

describe('an unknown field', () => {
  const argv = ['--query-gpu=index,temprature.gpu', '--format=csv'];
  const refusal = 'Field "temprature.gpu" is not a valid field to query.\n\n';

  it('is refused without a word on stderr where no person reads it', async () => {
    expect(await nvsmi(argv)).toMatchObject({ status: 2, out: refusal, err: '' });
  });

  it('is refused with the nearest names on stderr where that is a terminal', async () => {
    const { status, out, err } = await nvsmi(argv, { stderrIsTerminal: true });
    expect({ status, out }).toEqual({ status: 2, out: refusal });
    expect(stripVTControlCharacters(err)).toMatch(/^Did you mean temperature\.gpu\b.*\?\n$/);
  });

  it('is refused without a guess where nothing is near', async () => {
    const { err } = await nvsmi(['--query-gpu=zzzzzzzzzzzzzz'], { stderrIsTerminal: true });
    expect(err).toBe('');
  });

  it('is an empty column and a warning with --lenient', async () => {
    const { status, out, err } = await nvsmi([
      ...['--query-gpu=index,no.such,name', '--format=csv', '--lenient'],
    ]);
    expect(status).toBe(0);
    expect(out).toBe('index, no.such, name\n0, , NVIDIA H200\n1, , NVIDIA H200\n');
    expect(err).toContain('"no.such"');
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is null in JSON with --lenient', async () => {
    const { out } = await nvsmi(['--query-gpu=index,no.such', '--format=json', '--lenient', '-i', '0']);
    expect(JSON.parse(out)).toEqual([{ index: 0, 'no.such': null, reasons: { 'no.such': 'Unknown field' } }]);
  });
});

describe('the words of --format', () => {
  it.each([
    ['json,noheader', 'Format modifier noheader does not go with json.'],
    ['nounits,jsonl', 'Format modifier nounits does not go with jsonl.'],
    ['json,jsonl', 'Format is either json or jsonl.'],
    ['csv,json,noheader', 'Format is either csv or json.'],
    ['json,bogus', 'Format modifier is not recognized.'],
  ])('are refused where they do not go together: %s', async (format, message) => {
    const { status, out, err } = await nvsmi(['--query-gpu=index', `--format=${format}`]);
    expect([status, out, err]).toEqual([2, '', `${message}\n`]);
  });

  it('are refused with a blank before them, which is pointed out', async () => {
    const { status, out, err } = await nvsmi(['--query-gpu=index', '--format=csv, noheader']);
    expect([status, out]).toEqual([2, 'Format modifier is not recognized.\n']);
    expect(err).toContain('without blanks');
  });

  it('may name one format twice', async () => {
    expect((await nvsmi(['--query-gpu=index', '--format=json,json', '-i', '0'])).status).toBe(0);
  });
});

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
    expect(mig_devices[2]).toMatchObject({ gpu: 0, gi: 4, ci: 0, 'memory.total': 9984, multiprocessors: 28 });
    expect(processes[0]).toMatchObject({ gi: 2, pid: 41208, type: 'C', used_gpu_memory: 9644 });
  });

  it('tells of a lost GPU with its status, and of -i', async () => {
    const { status, gpus } = await json([], 'lost-gpu');
    expect(status).toBe(15);
    expect(gpus.filter((gpu: { name: unknown }) => gpu.name === null)).toHaveLength(1);
    expect((await json(['-i', '1'], MACHINE)).gpus).toHaveLength(1);
  });

  it('lists GPUs and MIG devices with -L', async () => {
    const { gpus, mig_devices } = await json(['-L'], 'a100-mig');
    expect(gpus).toEqual([
      { index: 0, name: 'NVIDIA A100-SXM4-40GB', uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000' },
    ]);
    expect(mig_devices[2]).toMatchObject({ gpu: 0, device: 2, profile: 'MIG 2g.10gb' });
  });

  it('tells the versions, the excluded GPUs and the host names', async () => {
    expect((await json(['--version'], MACHINE)).versions).toEqual({
      nvsmi: expect.stringMatching(/^\d+\.\d+\.\d+/),
      nvml: '580.159.04',
      driver: '580.159.04',
      cuda: '13.0',
    });
    expect((await json(['-B'], MACHINE)).excluded_gpus).toEqual([]);
    expect((await json(['--get-hostname', '-i', '1'], MACHINE)).hostnames).toEqual([
      { index: 1, 'pci.bus_id': '00000000:00:07.0', hostname: null, reasons: { hostname: 'Not Supported' } },
    ]);
  });

  it('does not go with -x or -u alone', async () => {
    expect((await nvsmi(['-u', '--json'])).status).toBe(2);
  });
});

describe('a terminal', () => {
  const terminal: World = { stdoutIsTerminal: true, stderrIsTerminal: true };
  const ESCAPE = '\u001b';

  it('shows hints in colour and field names in bold', async () => {
    expect((await nvsmi(['--help-query-gpu'], terminal)).out).toContain(
      `${ESCAPE}[1m"timestamp"${ESCAPE}[22m`,
    );
    expect((await nvsmi(['--query-gpu=nam'], terminal)).err).toContain(`${ESCAPE}[33m`);
  });

  it.each([
    ['NO_COLOR is set', { NO_COLOR: '1' }],
    ['it is dumb', { TERM: 'dumb' }],
  ])('shows neither where %s', async (_, env) => {
    expect((await nvsmi(['--help-query-gpu'], { ...terminal, env })).out).not.toContain(ESCAPE);
    expect((await nvsmi(['--query-gpu=nam'], { ...terminal, env })).err).toMatch(/^Did you mean .*\?\n$/);
  });

  it('shows both where NO_COLOR is empty', async () => {
    const { out } = await nvsmi(['--help-query-gpu'], { ...terminal, env: { NO_COLOR: '' } });
    expect(out).toContain(ESCAPE);
  });
});

describe("a name of JavaScript's own", () => {
  it.each([
    [['--query-gpu=index', '--format=constructor']],
    [['dmon', '-c', '1', '--format', 'toString']],
    [['dmon', '-c', '1', '--gpm-options', 'constructor']],
    [['pmon', '-c', '1', '--format', 'constructor']],
    [['topo', '-p2p', 'constructor']],
    [['nvlink', '-gt', 'constructor']],
  ])('is no word of %j', async (argv) => {
    expect((await nvsmi(argv)).status).not.toBe(0);
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

describe('--version', () => {
  it("tells nvsmi's own on stderr, also without NVML", async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect((await nvsmi(['--version'])).err).toBe(`nvsmi ${version}\n`);
    expect((await nvsmi(['--version'], {}, 'mismatch')).err).toContain(`nvsmi ${version}\n`);
  });
});

describe('a snapshot that cannot be used', () => {
  const whole = readFileSync(new URL('../snapshots/none.json', import.meta.url), 'utf8');
  const counting = (count: string): string =>
    whole.replace(/("nvmlDeviceGetCount_v2": \{\s*"": )0/, `$1${count}`);
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it.each([
    ['is cut off', 'cut.json', whole.slice(0, 700), /cut\.json:\d+:\d+: not a snapshot: /],
    ['is not JSON', 'text.json', 'GPU 0: NVIDIA H200', /text\.json.*: not a snapshot: /],
    ['is empty', 'empty.json', '', /empty\.json:1:1: not a snapshot: /],
    ['is another JSON', 'other.json', '{"calls": {}}', /other\.json: format: not an nvsmi snapshot/],
    [
      'is of a later version',
      'later.json',
      whole.replace('"version": 1', '"version": 2'),
      /later\.json: version: 2 /,
    ],
    [
      'has no calls',
      'calls.json',
      whole.replace('"calls": {', '"call": {'),
      /calls\.json: calls: must be an object/,
    ],
    [
      'has text where a number belongs',
      'number.json',
      whole.replace('"nvmlSystemGetCudaDriverVersion_v2": {\n      "": 13000', (found) =>
        found.replace('13000', '"thirteen"'),
      ),
      /number\.json: calls\.nvmlSystemGetCudaDriverVersion_v2\[\]: a number is needed, not "thirteen"/,
    ],
    [
      'counts less than no GPU',
      'count.json',
      counting('-1'),
      /count\.json: .*_v2\[\]: -1 does not fit u32$/m,
    ],
    [
      'counts a milliard GPUs',
      'counts.json',
      counting('1000000000'),
      /counts\.json: calls\.nvmlDeviceGetCount_v2\[\]: 1000000000 is more than there can be \(256\)$/m,
    ],
    [
      'has a status that NVML has not',
      'status.json',
      whole.replace(
        '"nvmlInit_v2": {\n      "": []',
        '"nvmlInit_v2": {\n      "": {"error":"NVML_ERROR_BORED"}',
      ),
      /status\.json: calls\.nvmlInit_v2\[\]: unknown status "NVML_ERROR_BORED"/,
    ],
  ])('because it %s is named in one line, with the place', async (_, name, text, message) => {
    expect(text).not.toBe(whole);
    const { status, out, err } = await nvsmi(['--version'], {}, file(name, text));
    expect(status).toBe(2);
    expect(out).toMatch(message);
    expect(out.trimEnd()).not.toContain('\n');
    expect(err).toMatch(/^nvsmi \S+\n$/);
  });

  it('because it has no end is left after 64 MiB', async () => {
    expect(await nvsmi(['-L'], {}, '/dev/zero')).toMatchObject({
      status: 2,
      out: '/dev/zero: longer than 64 MiB, which no snapshot is\n',
    });
  });

  it('is not one that counts its GPUs as all ones: it has none', async () => {
    expect(await nvsmi(['-L'], {}, file('none.json', counting('4294967295')))).toMatchObject({
      out: 'No devices found.\n',
    });
  });

  it('is not one that begins with a byte order mark', async () => {
    expect(await nvsmi(['--version'], {}, file('mark.json', `\ufeff${whole}`))).toMatchObject({ status: 0 });
  });

  it('because it is not there is named', async () => {
    expect(await nvsmi(['-L'], {}, 'no-such-machine')).toMatchObject({
      status: 2,
      out: expect.stringMatching(
        /^no-such-machine: no such snapshot; there are a100-mig, .*, or a file's path\n$/,
      ),
    });
  });

  it('because it has no name is refused like any option without its value', async () => {
    const io = new FakeIo();
    expect(await main(['-L', '--snapshot'], io)).toBe(255);
    expect(io.output).toMatch(/^ERROR: Option --snapshot is missing its value\./);
  });
});

describe('JSON', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../schemas/query.schema.json', import.meta.url), 'utf8'),
  ) as object;
  const ajv = new Ajv.default({ allowUnionTypes: true, validateFormats: false });
  const validate = ajv.compile(schema);
  const everyField = `--query-gpu=${gpuTable.rows.map(nameOf).join(',')}`;
  const everyName = `--query-gpu=${gpuTable.rows.flatMap(({ names }) => names).join(',')}`;

  it.each(['h100-x1', 'h200-x2', 'a100-mig', 'rtx-4090', 't4', 'lost-gpu'])(
    'of every field of %s is what the schema says',
    async (machine) => {
      const { out } = await nvsmi([everyName, '--format=json'], {}, machine);
      const records = JSON.parse(out) as readonly object[];
      expect(records.length).toBeGreaterThan(0);
      validate(records);
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
    const records = JSON.parse(json?.out ?? '') as readonly (Record<string, unknown> & { reasons: object })[];
    const lines = csv?.out.trimEnd().split('\n') ?? [];
    expect(records).toHaveLength(2);
    records.forEach((record, i) => {
      const cells = lines[i]?.split(', ') ?? [];
      const absent = gpuTable.rows
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
    expect(JSON.parse(out)).toEqual([
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
    expect((JSON.parse(out) as object[])[5]).toEqual({
      index: 5,
      name: null,
      'temperature.gpu': null,
      reasons: { name: 'GPU is lost', 'temperature.gpu': 'GPU is lost' },
    });
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
    validate(records);
    expect(validate.errors).toBeNull();
    expect(records.map(({ timestamp }) => Date.parse(timestamp) - at('01:41:50.000'))).toEqual([
      0, 0, 1000, 1000, 2000, 2000,
    ]);
  });

  it('refuses what is no record', () => {
    expect(validate([{ name: 5 }])).toBe(false);
    expect(validate([{ 'memory.total': true }])).toBe(false);
    expect(validate([{ name: null, reasons: {} }])).toBe(false);
    expect(validate([{ 'no.such': 'value' }])).toBe(false);
  });
});

describe('a loop', () => {
  const QUERY = ['--query-gpu=timestamp,index', '--format=csv,noheader', '-i', '0'];
  const offsets = (io: FakeIo): readonly number[] => io.slept.map((time) => time - at('01:41:50.000'));

  it.each([
    ['-l alone: every 5 s', ['-l'], 5000],
    ['-l 2', ['-l', '2'], 2000],
    ['--loop=1', ['--loop=1'], 1000],
    ['-lms 200', ['-lms', '200'], 200],
    ['--loop-ms=1', ['--loop-ms=1'], 1],
  ])('has its period: %s', async (_, argv, period) => {
    const { io, status } = await nvsmi([...QUERY, ...argv], { until: ({ slept }) => slept.length === 4 });
    expect(offsets(io)).toEqual([1, 2, 3, 4].map((tick) => tick * period));
    expect(io.writes).toHaveLength(5);
    expect(status).toBe(0);
    expect(io.closed).toBe(true);
  });

  it('does not drift by the time that its ticks take', async () => {
    // Every look at the clock takes 30 ms, and a tick looks at it more than once.
    const { io } = await nvsmi([...QUERY, '-lms', '200'], {
      slowness: 30,
      until: ({ slept }) => slept.length === 50,
    });
    const first = offsets(io)[0] ?? 0;
    expect(offsets(io)).toEqual(Array.from({ length: 50 }, (_, tick) => first + tick * 200));
  });

  it('leaves out the ticks that it missed, and keeps to the clock of the others', async () => {
    let ticks = 0;
    const { io } = await nvsmi([...QUERY, '-l', '1'], {
      until: (world) => {
        ticks += 1;
        if (ticks === 2) world.pass(3500);
        return ticks === 5;
      },
    });
    expect(offsets(io).every((time) => time % 1000 === 0)).toBe(true);
    expect(new Set(offsets(io)).size).toBe(offsets(io).length);
  });

  it('prints the header once, and a tick in one write', async () => {
    const { io } = await nvsmi(['--query-gpu=index,name', '--format=csv', '-l', '1'], {
      until: ({ slept }) => slept.length === 2,
    });
    expect(io.writes).toEqual([
      'index, name\n0, NVIDIA H200\n1, NVIDIA H200\n',
      '0, NVIDIA H200\n1, NVIDIA H200\n',
      '0, NVIDIA H200\n1, NVIDIA H200\n',
    ]);
  });

  it('of the summary prints the whole table at each tick', async () => {
    const { io } = await nvsmi(['-l', '1'], { until: ({ slept }) => slept.length === 1 });
    expect(io.writes.map((text) => text.split('\n')[0])).toEqual([
      'Mon Nov 23 01:41:50 2026       ',
      'Mon Nov 23 01:41:51 2026       ',
    ]);
  });

  it.each([
    '-l=0',
    '-l=-3',
    '--loop=abc',
    '-lms=0',
    '--loop-ms=1e99',
    '-l=Infinity',
    '-l=NaN',
    '-l=0x5',
    '-lms=1e3',
  ])('is refused a period that is none: %s', async (option) => {
    const { status, out, io } = await nvsmi([...QUERY, option]);
    expect({ status, slept: io.slept }).toEqual({ status: 2, slept: [] });
    expect(out).toMatch(/^Provided \[-l\(ms\) \| --loop\(-ms\)=\] value is incorrect\./);
  });
});

describe('-f', () => {
  it('writes what stdout would have got, and nothing to stdout', async () => {
    const query = ['--query-gpu=index,name', '--format=csv'];
    const { out } = await nvsmi(query);
    const { io } = await nvsmi([...query, '-f', '/tmp/log.csv']);
    expect(io.files.get('/tmp/log.csv')).toBe(out);
    expect(io.output).toBe('');
    expect(io.closed).toBe(true);
  });

  it('is refused a file that cannot be made', async () => {
    const { status, out } = await nvsmi(['--query-gpu=index', '-f', '/nonexistent/x']);
    expect(status).toBe(255);
    expect(out).toMatch(/^Failed to create (the )?log file \/nonexistent\/x\n/);
  });
});

describe('the program', () => {
  it('ends with 0 where the shell closed stdout, which is /dev/null to Node', () => {
    const command = `"${process.execPath}" "${program}" ${QUERY.join(' ')} >&-`;
    const { status, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each(['dmon', 'pmon'])(
    'refuses %s a file that cannot be made, as recorded, and says why on stderr',
    (command) => {
      const ran = run([command, '--snapshot', MACHINE, '-c', '1', '-f', '/nonexist/x']);
      expect(ran).toMatchObject({ status: 255, stdout: 'Failed to process command line \n\n' });
      expect(ran.stderr).toMatch(/^cannot create the file: ENOENT: .*'\/nonexist\/x'\n$/);
    },
  );

  const program = fileURLToPath(new URL('../bin/nvsmi.js', import.meta.url));
  const QUERY = ['--query-gpu=index,name', '--format=csv', '--snapshot', MACHINE];
  const run = (argv: readonly string[], stdout: 'pipe' | number = 'pipe') =>
    spawnSync(process.execPath, [program, ...argv], { encoding: 'utf8', stdio: ['ignore', stdout, 'pipe'] });

  it('prints a recorded machine', () => {
    expect(run(QUERY)).toMatchObject({
      status: 0,
      stdout: 'index, name\n0, NVIDIA H200\n1, NVIDIA H200\n',
      stderr: '',
    });
  });

  it('writes a real file with -f', () => {
    const file = join(folder, 'real.csv');
    expect(run([...QUERY, '-f', file])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe('index, name\n0, NVIDIA H200\n1, NVIDIA H200\n');
  });

  const hasFull = existsSync('/dev/full');
  it.skipIf(!hasFull)('fails, and says so on stderr, where the disk is full', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = run(QUERY, full);
    closeSync(full);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^nvsmi: .*ENOSPC/);
  });

  it.skipIf(!hasFull)('fails where the file of -f is on a full disk', () => {
    const { status, stderr } = run([...QUERY, '-f', '/dev/full']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/ENOSPC/);
  });

  it('ends a loop without a word when its reader goes away', async () => {
    const child = spawn(process.execPath, [program, ...QUERY, '-lms', '20'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (part: Buffer) => {
      err += part.toString();
    });
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    child.stdout.destroy();
    const status = await new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    expect(status).toBe(141);
    expect(err).toBe('');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGUSR1'] as const)('ends a loop on %s with whole lines', async (signal) => {
    const child = spawn(process.execPath, [program, ...QUERY, '-lms', '10'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let seen: () => void = () => {};
    const enough = new Promise<void>((resolve) => {
      seen = resolve;
    });
    child.stdout.on('data', (part: Buffer) => {
      out += part.toString();
      if (out.split('\n').length > 8) seen();
    });
    const ended = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) =>
      child.once('close', (code, by) => resolve([code, by])),
    );
    await enough;
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
    const lines = out.split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.length % 2).toBe(1);
    expect(lines.slice(1).every((line, i) => line === `${i % 2}, NVIDIA H200`)).toBe(true);
  });

  it('names both versions and the remedy where library and kernel module differ, in status 18', () => {
    const { status, stdout, stderr } = run(['--snapshot', 'mismatch']);
    expect(status).toBe(18);
    expect(stdout.split('\n')[0]).toBe('Failed to initialize NVML: Driver/library version mismatch');
    expect(stdout + stderr).toMatch(/580\.159\.04.*575\.57\.08.*reboot/s);
  });
});

describe('the overrides of golden rows', () => {
  it('change what they name and nothing else', () => {
    const plain = machineFor('h200-x2', []);
    const busy = machineFor('h200-x2', ['load']);
    expect(busy.calls.nvmlDeviceGetTemperature).toMatchObject({ 'gpu0,0': 58, 'gpu1,0': 52 });
    expect(busy.calls.nvmlDeviceGetName).toEqual(plain.calls.nvmlDeviceGetName);
  });
});
