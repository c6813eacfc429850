/** The one reading of a command line: what each of its words is, and what it gives. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Given, givenBy, type OptionSpec, scan } from '../../src/base/argv.js';
import { readCommandLine } from '../../src/cli/command-line.js';
import { allCommands } from '../../src/cli/command-table.js';
import { givenToCommander } from '../../src/cli/program.js';
import { nvsmi } from './run.js';

const TABLE = [
  { short: ['i', 'g'], long: 'id', value: 'required', joins: true, help: '' },
  { short: ['l'], long: 'link', value: 'required', number: true, help: '' },
  { short: ['lms'], long: 'loop-ms', value: 'optional', help: '' },
  { short: ['f'], long: 'filename', value: 'required', help: '' },
  { short: ['s'], long: 'select', value: 'required', default: 'puc', help: '' },
  { long: 'json', ours: true, help: '' },
] as const satisfies readonly OptionSpec[];

describe('what a command line gives', () => {
  it('has the type that its table says', () => {
    expectTypeOf<Given<typeof TABLE>>().toEqualTypeOf<
      {
        readonly id?: string;
        readonly link?: number;
        readonly 'loop-ms'?: string;
        readonly filename?: string;
        readonly json?: true;
      } & { readonly select: string }
    >();
  });

  it('has the default of an option that is not given, and only there', () => {
    expect(givenBy(TABLE, scan(TABLE, []).tokens)).toEqual({ select: 'puc' });
    expect(givenBy(TABLE, scan(TABLE, ['-s', 'm', '-s', 'c']).tokens)).toEqual({ select: 'c' });
  });

  it.each([
    ['-i=0 --id 1 -g 2', { id: '0,1,2' }],
    ['-l 3 --link=4', { link: 4 }],
    ['-lms --json', { 'loop-ms': '', json: true }],
    ['-lms -5', { 'loop-ms': '-5' }],
    ['-lms=', { 'loop-ms': '' }],
    ['-f --json', { filename: '--json' }],
  ])('is read as nvidia-smi reads it: %s', (line, given) => {
    expect(givenBy(TABLE, scan(TABLE, line.split(' ')).tokens)).toEqual({ select: 'puc', ...given });
  });
});

describe('the value of an option that needs one', () => {
  const QUERY = ['--query-gpu=index', '--format=csv,noheader'];

  it.each(['-q', '-x', '--format=csv'])('is no option of nvidia-smi: -f %s', async (word) => {
    const { status, out } = await nvsmi([...QUERY, '-f', word]);
    expect({ status, out }).toEqual({
      status: 255,
      out: "ERROR: Option -f is missing its value. Please run 'nvidia-smi -h' for help.\n\n",
    });
  });

  it.each(['--json', '--snapshot', '--nvml=x', '-zzz', '-1'])('is the next word, also %s', async (word) => {
    const { status, out, err, io } = await nvsmi([...QUERY, '-f', word]);
    expect({ status, out, err }).toEqual({ status: 0, out: '', err: '' });
    expect([...io.files]).toEqual([[word, '0\n1\n']]);
  });

  it.each([
    [
      ['-f', '--json', '-l', '0'],
      ['-f', 'x', '-l', '0'],
    ],
    [
      ['-q', '-d', '--json'],
      ['-q', '-d', 'x'],
    ],
    [
      ['dmon', '-f', '--json', '-c', '0'],
      ['dmon', '-f', 'x', '-c', '0'],
    ],
    [
      ['vgpu', '-i', '--json', '-q', '-s'],
      ['vgpu', '-i', 'x', '-q', '-s'],
    ],
  ])('does not ask for JSON, and the refusal is on stdout: %j', async (argv, plain) => {
    const { out } = await nvsmi(argv);
    expect(out).not.toBe('');
    expect(out).toBe((await nvsmi(plain)).out);
  });
});

describe('JSON', () => {
  it.each([
    [['--json', '--bogus']],
    [['bogus', '--json']],
    [['topo', '--json', '--bogus']],
    // They have no such option, and what refuses it is for the same program.
    [['dmon', '--json']],
    [['topo', '--format', 'json']],
    [['--query-gpu=nme', '--format', 'jsonl']],
    [['dmon', '--bogus', '--format=csv,json']],
  ])('is asked for, and the refusal is on stderr: %j', async (argv) => {
    const { status, out, err } = await nvsmi(argv);
    expect(status).not.toBe(0);
    expect(out).toBe('');
    expect(err).not.toBe('');
  });
});

describe('Commander', () => {
  /** Every option of a command with a value, those that can lack it without one, and all of them twice. */
  function linesOf(options: readonly OptionSpec[]): readonly (readonly string[])[] {
    const each = options.flatMap(({ long, value, number }) => {
      if (value === undefined) return [[`--${long}`]];
      const given = [`--${long}`, number ? '7' : '--dashes=and,words'];
      return value === 'optional' ? [[`--${long}`], [`--${long}=x=y`]] : [given];
    });
    return [...each, each.flat(), [...each, ...each.toReversed()].flat()];
  }

  it.each(allCommands)('gives the same as the grammar: $name', async ({ name, load }) => {
    const { options, operand } = await load();
    const words = operand === undefined ? [] : [operand.values?.words[0] ?? 'FILE'];
    for (const line of linesOf(options)) {
      const { tokens, unknown, subcommand } = await readCommandLine([
        '--snapshot',
        't4',
        name,
        ...words,
        ...line,
      ]);
      if (subcommand === undefined) throw new Error(`${name} is no command`);
      expect(unknown).toEqual([]);
      const { snapshot, ...given } = givenBy<readonly OptionSpec[]>(options, tokens);
      expect(snapshot).toBe('t4');
      expect(givenToCommander(subcommand, tokens), line.join(' ')).toEqual(given);
    }
  });
});
