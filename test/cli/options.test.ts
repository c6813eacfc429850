import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { World } from '../fake-io.js';
import { nvsmi } from './run.js';

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
    ['-acp', '0'],
    ['--applications-clocks-permission=UNRESTRICTED'],
    ['--auto-boost-default=0'],
    ['--auto-boost-permission', '0'],
    ['-i', '0', '-pl', '300', '-eow'],
    ['--error-on-warning', '-e', '1'],
  ])('does not change a recording: %s %s', async (...argv) => {
    const { status, out } = await nvsmi(argv);
    expect(out).toBe('A recorded machine cannot be changed. Use --dry-run to see what would change.\n');
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

  const LISTED = "Run 'nvsmi --help-query-gpu' for help.\n";

  it.each([true, false])(
    'is refused with the nearest name on stderr, where that is a terminal (%s) or not',
    async (stderrIsTerminal) => {
      const { status, out, err } = await nvsmi(argv, { stderrIsTerminal });
      expect({ status, out }).toEqual({ status: 2, out: refusal });
      expect(stripVTControlCharacters(err)).toBe(`Did you mean temperature.gpu?\n${LISTED}`);
    },
  );

  it('is refused without a guess where nothing is near', async () => {
    expect((await nvsmi(['--query-gpu=zzzzzzzzzzzzzz'])).err).toBe(LISTED);
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
    expect(JSON.parse(out).gpus).toEqual([
      { index: 0, 'no.such': null, reasons: { 'no.such': 'Unknown field' } },
    ]);
  });
});

describe('the words of --format', () => {
  it.each([
    ['json,noheader', 'Format modifier noheader does not go with json.'],
    ['nounits,jsonl', 'Format modifier nounits does not go with jsonl.'],
    ['json,jsonl', 'Format is either json or jsonl.'],
    ['csv,json,noheader', 'Format is either csv or json.'],
    ['json,bogus', "Format modifier is not recognized.\nRun 'nvsmi -h' for help."],
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

describe('-i', () => {
  it.each([
    ['0x1', '1'],
    ['+1', '1'],
    ['01', '1'],
    ['0000:00:06', '0'],
    ['0:0:7', '1'],
    ['0,,0x1', '0\n1'],
  ])('takes %s, as 580.159.04 does on the fake', async (id, rows) => {
    const { status, out } = await nvsmi([...['--query-gpu=index', '--format=csv,noheader', '-i', id]]);
    expect([status, out]).toEqual([0, `${rows}\n`]);
  });
});

describe('-lms without a time', () => {
  it('is 100 ms, as 470 and 550 loop on the fake', async () => {
    const { io } = await nvsmi(['--query-gpu=index', '--format=csv', '-lms'], {
      until: ({ slept }) => slept.length >= 2,
    });
    const [first = 0, second = 0] = io.slept;
    expect(second - first).toBe(100);
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
    expect((await nvsmi(['--query-gpu=nam'], { ...terminal, env })).err).toMatch(/^Did you mean name\?\n/);
    expect((await nvsmi(['--query-gpu=nam'], { ...terminal, env })).err).not.toContain(ESCAPE);
  });

  it.each([
    ['FORCE_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }],
    ['CLICOLOR_FORCE', { CLICOLOR_FORCE: '1' }],
  ])('is not needed for both where %s is set', async (_, env) => {
    expect((await nvsmi(['--help-query-gpu'], { env })).out).toContain(`${ESCAPE}[1m"timestamp"`);
    expect((await nvsmi(['--query-gpu=nam'], { env })).err).toContain(`${ESCAPE}[33m`);
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

describe('--version', () => {
  it("shows nvsmi's own on stderr, also without NVML", async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect((await nvsmi(['--version'])).err).toBe(`nvsmi ${version}\n`);
    expect((await nvsmi(['--version'], {}, 'mismatch')).err).toContain(`nvsmi ${version}\n`);
  });
});
