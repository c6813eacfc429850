import { describe, expect, it } from 'vitest';
import type { OptionSpec } from '../../src/base/argv.js';
import { main } from '../../src/cli/cli.js';
import { readCommandLine } from '../../src/cli/command-line.js';
import { readPages } from '../../src/cli/completion/pages.js';
import { valuesOf } from '../../src/cli/completion/values.js';
import { hintText } from '../../src/cli/hint.js';
import { DeadLibrary } from '../../src/nvml/status.js';
import { FakeIo } from '../fake-io.js';
import { nvsmi } from './run.js';

const { root, commands } = await readPages();

const ROOT = "Run 'nvsmi -h' for help.\n";
const helpOf = (command: string): string => `Run 'nvsmi help ${command}' for help.\n`;

/** A word with one letter that it has not: what is near is the word. */
const mistyped = (word: string): string => `${word.slice(0, -1)}§${word.slice(-1)}`;

describe('a mistyped word', () => {
  it.each([
    ['tpo', 'topo or top', ROOT],
    ['Topo', 'topo', ROOT],
    ['nvlnik -s', 'nvlink', ROOT],
    ['power', 'power-hint or power-smoothing or power-profiles', ROOT],
    ['list-gpus', '--list-gpus', ROOT],
    ['--query-gpus=name', '--query-gpu', ROOT],
    ['-query-gpu=name --format=csv', '--query-gpu', ROOT],
    ['-topo', 'topo', ROOT],
    ['--snapshots t4', '--snapshot', ROOT],
    ['-q -d MEMRY', 'MEMORY', ROOT],
    ['-q -d memory,clok', 'CLOCK', ROOT],
    ['--query-gpu=name --format=jsn', 'json', ROOT],
    ['--query-gpu=name --format=csv,noheder', 'noheader', ROOT],
    ['--query-compute-apps=pdi', 'pid', "Run 'nvsmi --help-query-compute-apps' for help.\n"],
    ['topo --matrx', '--matrix', helpOf('topo')],
    ['dmon --format jsno', 'json', helpOf('dmon')],
    ['pmon --format=jsonll', 'jsonl', helpOf('pmon')],
    ['vgpu --query-accounted-apps=gpu_nmae', 'gpu_name', helpOf('vgpu')],
    ['help tpo', 'topo or top', ROOT],
    ['completion fisch', 'fish', helpOf('completion')],
  ])('is guessed on one line of stderr: %s', async (line, meant, help) => {
    const { status, err } = await nvsmi(line.split(' '));
    expect(err).toBe(`Did you mean ${meant}?\n${help}`);
    expect([2, 255]).toContain(status);
  });

  it.each([
    ['xyzzy', ROOT],
    ['--xyzzy', ROOT],
    ['-z', ROOT],
    ['-q -d XYZZY', ROOT],
    ['topo -p2p z', helpOf('topo')],
    ['nvlink -gt q', helpOf('nvlink')],
    ['nvlink -gt', helpOf('nvlink')],
    ['dmon --gpm-metrics 9999', helpOf('dmon')],
    ['topo extra', helpOf('topo')],
    ['completion', helpOf('completion')],
    ['-i', ROOT],
    ['-L -i 0', ROOT],
    ['-x', ROOT],
  ])('is not guessed where nothing is near, and the help is named: %s', async (line, help) => {
    expect((await nvsmi(line.split(' '))).err).toBe(help);
  });

  it('is guessed for each of several', async () => {
    const { err } = await nvsmi(['--query-gpu=nme,memory.totl', '--format=cvs']);
    expect(err.split('\n').slice(0, 3)).toEqual([
      'Did you mean name?',
      'Did you mean memory.total?',
      'Did you mean csv?',
    ]);
  });

  it('is guessed among the recordings of the package', async () => {
    const { status, out, err } = await nvsmi([], {}, 'h200x2');
    expect([status, out.split(':')[0], err]).toEqual([2, 'h200x2', 'Did you mean h200-x2?\n']);
    const io = new FakeIo({ env: { NVSMI_SNAPSHOT: 'rtx4090' } });
    await main(['-L'], io);
    expect(io.errors).toContain('Did you mean rtx-4090?\n');
  });

  it("leaves nvidia-smi's refusal on stdout unchanged, and stderr empty where all is well", async () => {
    const { status, out } = await nvsmi(['tpo']);
    expect([status, out]).toEqual([
      255,
      "ERROR: Option tpo is not recognized. Please run 'nvidia-smi -h'.\n\n",
    ]);
    expect((await nvsmi(['topo', '-m'])).err).toBe('');
  });

  it('is guessed beside a refusal on stderr, where JSON was asked for', async () => {
    const { out, err } = await nvsmi(['--query-gpu=nme', '--format=json']);
    expect(out).toBe('');
    expect(err).toMatch(/^Field "nme" is not a valid field to query\.\nDid you mean name\?\nRun /);
  });

  /** A few words of an option's value; those of --snapshot are read where a machine is needed. */
  function valueWords(option: OptionSpec): readonly string[] {
    const values = option.long === 'snapshot' ? undefined : valuesOf(option);
    return values === undefined || values.between === '' ? [] : values.words.slice(0, 3);
  }

  const isLong = (word: string): boolean => /[a-z]{3}/i.test(word);

  /** Command lines with a mistyped option, or a mistyped word of an option's value, and what is meant. */
  const lines = [root, ...commands].flatMap(({ name, options }) => {
    const command = name === '' ? [] : [name];
    return options.flatMap((option): [argv: string[], meant: string][] => {
      const long = `--${option.long}`;
      const before = long === '--display' ? [...command, '-q'] : command;
      return [
        [[...command, mistyped(long)], long],
        ...valueWords(option)
          .filter(isLong)
          .map((word): [string[], string] => [[...before, long, mistyped(word)], word]),
      ];
    });
  });

  it('is guessed for every option of every command, and for words of their values', async () => {
    expect(lines.length).toBeGreaterThan(250);
    const missed: string[] = [];
    for (const [argv, meant] of lines) {
      const io = new FakeIo();
      const status = await main(argv, io);
      if (status === 0 || !io.errors.includes(`Did you mean ${meant}`)) missed.push(argv.join(' '));
    }
    expect(missed).toEqual([]);
  });
});

describe('without a driver', () => {
  const run = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const io = new FakeIo({ env });
    return { status: await main(argv, io), out: io.output, err: io.errors };
  };
  const SEE = "Run 'nvsmi --snapshot h200-x2' to see nvsmi on a recorded machine.\n";

  it('stderr says what was tried, how to see nvsmi work, and where its help is', async () => {
    const { status, out, err } = await run([]);
    // A machine with a driver answers.
    if (status === 0) return;
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(out).toMatch(/^NVIDIA-SMI couldn't find libnvidia-ml\.so library/);
    expect(err).toMatch(/^Tried:\n {2}libnvidia-ml\.so\.1: /);
    expect(err.endsWith(`${SEE}${ROOT}`)).toBe(true);
    expect(status).toBe(12);
  });

  it.each([
    [9, `Load it.\n${SEE}${ROOT}`],
    [12, `Load it.\n${SEE}${ROOT}`],
    [18, 'Load it.\n'],
    [4, 'Load it.\n'],
  ])(
    'a recording is offered where there is no driver, not where it is out of order: status %i',
    async (status, text) => {
      const error = new DeadLibrary(status, 'Refused.', 'Load it.');
      expect(await hintText(error, await readCommandLine(['-L']), new FakeIo())).toBe(text);
    },
  );

  it('says nothing of recordings where a library was named, or a recording answers', async () => {
    expect((await run(['--nvml', '/nowhere.so'])).err).not.toContain('recorded');
    expect((await run(['--snapshot', 'mismatch'])).err).not.toContain('recorded machine');
  });

  it('is a refusal of one line on stderr for JSON, and the same words below', async () => {
    const { out, err } = await run(['--json']);
    if (out !== '') return;
    expect(err).toMatch(/^NVIDIA-SMI couldn't find/);
    expect(err.endsWith(ROOT)).toBe(true);
  });
});
