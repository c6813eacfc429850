import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../src/cli/command-table.js';
import { rootExamples } from '../../src/cli/options.js';
import type { CommandEntry } from '../../src/commands/index.js';
import { nvsmi } from './run.js';

const NAMES = allCommands.map(({ name }) => name);

describe('nvsmi help', () => {
  it('shows what -h shows', async () => {
    expect(await nvsmi(['help'])).toMatchObject({ status: 0, out: (await nvsmi(['-h'])).out, err: '' });
  });

  it.each(NAMES)('shows what -h of a command shows: %s', async (name) => {
    const { status, out, err } = await nvsmi(['help', name]);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toBe((await nvsmi([name, '-h'])).out);
    expect(out).toContain(`Usage: nvsmi ${name} `);
    expect(out).toMatch(/\nExamples:\n {2}\S*.*nvsmi /);
  });

  it.each(NAMES)('lists the options of a command, but for hidden ones: %s', async (name) => {
    const { options } = await (allCommands.find((entry) => entry.name === name) as CommandEntry).load();
    const { out } = await nvsmi(['help', name]);
    const listed = out.match(/(?<=^ {2}(?:-\w+, )*--)[\w.-]+/gm);
    const wanted = options.filter(({ hidden }) => !hidden).map(({ long }) => long);
    expect(listed).toEqual(['help', ...wanted]);
  });

  it.each([
    [['help', 'nosuch'], 'Argument "nosuch" is not recognized.\n'],
    [['help', 'topo', 'mig'], 'Option "mig" is not recognized.\n'],
    [['completion', 'tcsh'], 'Argument "tcsh" is not recognized.\n'],
    [['completion'], 'Argument bash|zsh|fish is missing.\n'],
  ])('and its like refuse what they do not know: %j', async (argv, out) => {
    expect(await nvsmi(argv)).toMatchObject({ status: 2, out });
  });

  it('names every command', async () => {
    const { out } = await nvsmi(['help']);
    const [, listed = ''] = out.split('\nCommands:\n');
    expect(
      listed
        .split('\n\n')[0]
        ?.match(/^ {2}[\w-]+/gm)
        ?.map((name) => name.trim()),
    ).toEqual(NAMES);
  });

  it.each([60, 80, 120])('has lines of at most %i characters, and uses them', async (width) => {
    const lines: string[] = [];
    for (const argv of [['-h'], ...NAMES.filter((name) => name !== 'dmon').map((name) => [name, '-h'])]) {
      const { out } = await nvsmi(argv, { env: { COLUMNS: String(width) } });
      const usage = /^Usage: /;
      // A command line is not broken.
      lines.push(
        ...out
          .split('\n')
          .filter((line) => !usage.test(line) && !/^ {2}(source|nvsmi) |^ +nvsmi COMMAND/.test(line)),
      );
    }
    const isWord = (line: string): boolean => !line.trim().includes(' ');
    expect(lines.filter((line) => line.length > width && !isWord(line))).toEqual([]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeGreaterThan(width - 5);
  });
});

it('leaves the lines of a table whole, however narrow the terminal is', async () => {
  const { out } = await nvsmi(['dmon', '-h'], { env: { COLUMNS: '60' } });
  const [, table = ''] = out.split('first column:\n');
  const lines = table.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(30);
  expect(lines.filter((line) => !/^ {2}\d[\d,.]* +\w+ +\w/.test(line))).toEqual([]);
});

describe('nvsmi version', () => {
  it.each([[], ['--json']])('is --version: %j', async (...options) => {
    const { status, out, err } = await nvsmi(['version', ...options]);
    expect({ status, out, err }).toEqual({
      status: 0,
      out: (await nvsmi(['--version', ...options])).out,
      err: (await nvsmi(['--version', ...options])).err,
    });
  });
});

describe('nvsmi completion', () => {
  const FILES = { bash: 'nvsmi.bash', zsh: '_nvsmi', fish: 'nvsmi.fish' };
  const program = fileURLToPath(new URL('../../bin/nvsmi.js', import.meta.url));

  it.each(Object.entries(FILES))('prints the script of the package: %s', (shell, file) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'completion', shell], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(readFileSync(new URL(`../../docs/completions/${file}`, import.meta.url), 'utf8'));
  });
});

describe('the examples of the help', () => {
  /** Of what a recording has no answer to, the status says so. */
  const UNKNOWN_TO_NVML = 3;
  /** Nor has it the files that doctor looks at. */
  const NOT_KNOWN = 1;
  const examples = [...rootExamples, ...allCommands.flatMap((command) => command.examples)].map(
    ([line]) => line,
  );

  it('are there for every command, which they name', () => {
    for (const { name, examples } of allCommands) {
      expect(examples.filter(([line]) => line.includes(`nvsmi ${name}`)).length).toBeGreaterThan(0);
    }
    expect(new Set(examples).size).toBe(examples.length);
  });

  /** The arguments of an example; those of a recorder, a server and a fleet are about what a test does not make here. */
  const tried = examples
    .map((line) => line.replace(/^source <\((.*)\)$|^(.*) \| source$/, '$1$2'))
    .filter(
      (line) =>
        !/ daemon | replay | simulate | apply | exporter| fleet | -o | --learn |machine\.json/.test(line),
    );

  it.each(tried)('are understood, and answered by a recorded machine: %s', async (line) => {
    const [first, ...argv] = line.split(' ');
    expect(first).toBe('nvsmi');
    const { status, out, err } = await nvsmi(argv);
    expect(argv[0] === 'doctor' ? [NOT_KNOWN] : [0, UNKNOWN_TO_NVML]).toContain(status);
    // Nothing happens to a recording, and it has no kernel log.
    if (argv[0] === 'events') return expect(err).toMatch(/^nvsmi: the kernel log is not followed/);
    expect(out).not.toBe('');
    // An option that asks for nothing shows the help.
    if (!argv.includes('help')) expect(out).not.toMatch(/^\n?Usage: /);
    if (status === 0 && !argv.includes('version')) expect(err).toBe('');
  });

  it('of recorders and recordings name options that are there', async () => {
    const others = examples.filter((line) =>
      / daemon | replay | exporter| fleet | -o | --learn |machine\.json/.test(line),
    );
    expect(others.length).toBeGreaterThan(4);
    for (const line of others) {
      const [, command = '', ...argv] = line.split(' ');
      const { out } = await nvsmi([...(command.startsWith('-') ? [] : [command]), '-h']);
      for (const option of argv.filter((word) => word.startsWith('-'))) expect(out).toContain(option);
    }
  });
});
