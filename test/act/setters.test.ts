/**
 * Every option that changes something in nvidia-smi is known to nvsmi. setters.tsv has their names: those in the help of 550.163.01,
 * and those that 580.159.04 takes beyond them.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BEYOND_NVML, MODIFICATIONS } from '../../src/act/modifications.js';
import type { OptionSpec } from '../../src/base/argv.js';
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
  return (await commands.find((entry) => entry.name === name)?.load())?.options ?? [];
}

describe('an option of nvidia-smi that changes something', () => {
  it.each(rows)('is known: $command $short --$long', async ({ command, short, long }) => {
    const option = (await optionsOf(command)).find((each) => each.long === long);
    expect(option?.setter).toBe(true);
    if (short !== '') expect(option?.short).toContain(short.slice(1));
  });

  it('is an action, where it is one of those before a subcommand', () => {
    const beside = ['mode', 'scope', 'toggle-led', 'col', 'shbd'];
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
