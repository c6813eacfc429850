/**
 * Every option that changes something in nvidia-smi is known to nvsmi. setters.tsv has their names: those in the help of 550.163.01,
 * and those that 580.159.04 takes beyond them.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BEYOND_NVML, MODIFICATIONS } from '../../src/act/modifications.js';
import type { OptionSpec } from '../../src/base/argv.js';
import { optionsOf as withHelp } from '../../src/cli/command-table.js';
import { rootOptions } from '../../src/cli/options.js';
import { commands } from '../../src/commands/index.js';

const rows = readFileSync(new URL('setters.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [command = '', short = '', long = ''] = line.split('\t');
    return { command, short, long: long.replace(/^--/, '') };
  });

async function optionsOf(name: string): Promise<readonly OptionSpec[]> {
  if (name === '') return rootOptions;
  const spec = await commands.find((entry) => entry.name === name)?.load();
  return spec === undefined ? [] : withHelp(spec);
}

/** What the help of 580.159.04 lists. */
const listed = readFileSync(new URL('options-580.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .map((line) => {
    const [command = '', short = '', long = '', kind = ''] = line.split('\t');
    return { command, short, long, kind };
  });

describe("an option of 580's help", () => {
  it.each(listed)('is spelled so: $command $short $long', async ({ command, short, long, kind }) => {
    const options = await optionsOf(command);
    // `-getLowPowerInfo` is a long name there, with one dash.
    const option = long.startsWith('--')
      ? options.find((each) => `--${each.long}` === long)
      : options.find((each) => each.short?.includes(long.slice(1)));
    expect(option, 'the table of its command in src/commands/, or src/cli/options.ts').toBeDefined();
    if (short !== '') expect(option?.short).toContain(short.slice(1));
    expect(option?.setter === true).toBe(kind === 'setter');
  });

  it('that changes something has an action or a documented refusal', async () => {
    const setters = listed.filter(({ kind }) => kind === 'setter');
    expect(setters.length).toBeGreaterThan(60);
    const differences = readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8');
    const actions = [...MODIFICATIONS.map(({ name }) => name), 'mode', 'scope', 'toggle-led'];
    for (const { command, short, long } of setters) {
      const option = (await optionsOf(command)).find((each) => `--${each.long}` === long);
      const isDone = option?.refused === undefined && (command !== '' || actions.includes(long.slice(2)));
      const isRefused = [short, long].some((name) => name !== '' && differences.includes(`${name}\``));
      expect(isDone || isRefused, `${command} ${long} in docs/differences.md`).toBe(true);
    }
  });
});

describe('an option of nvidia-smi that changes something', () => {
  it.each(rows)('is known: $command $short --$long', async ({ command, short, long }) => {
    const option = (await optionsOf(command)).find((each) => each.long === long);
    expect(option?.setter).toBe(true);
    if (short !== '') expect(option?.short).toContain(short.slice(1));
  });

  it('is an action, where it is one of those before a subcommand', () => {
    const beside = ['mode', 'scope', 'toggle-led', 'shbd'];
    const names = rows.filter(({ command }) => command === '').map(({ long }) => long);
    const actions = MODIFICATIONS.map(({ name }) => name);
    expect(names.filter((name) => !beside.includes(name) && !actions.includes(name))).toEqual([]);
    expect(actions.filter((name) => !names.includes(name))).toEqual([]);
    expect(BEYOND_NVML.filter((name) => !actions.includes(name))).toEqual([]);
  });

  it('has help, unless it is refused or an old spelling', async () => {
    for (const { command, long } of rows) {
      const option = (await optionsOf(command)).find((each) => each.long === long);
      expect(option?.hidden === true || (option?.help.length ?? 0) > 8).toBe(true);
    }
  });
});
