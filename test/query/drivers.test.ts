/**
 * The fields of --query-* that a driver's own nvidia-smi has, name by name, as its --help-query-* lists them, or as its CSV
 * heads them. test/query/drivers/ has a list for each driver that was captured.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { releaseIn } from '../../src/base/release.js';
import { tableAt } from '../../src/query/relation.js';
import { tables } from '../../src/query/tables/index.js';

const folder = new URL('drivers/', import.meta.url);

/** A line `--query-gpu`, and below it a field a line: "name" or "gpu_name". */
function listsOf(file: string): ReadonlyMap<string, readonly (readonly string[])[]> {
  const lists = new Map<string, string[][]>();
  let list: string[][] = [];
  for (const line of readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n')) {
    if (line.startsWith('--')) {
      list = [];
      lists.set(line.slice(2), list);
    } else list.push([...new Set(line.split(' or ').map((name) => name.slice(1, -1)))]);
  }
  return lists;
}

describe.each(readdirSync(folder))('the fields of driver %s', (file) => {
  const release = releaseIn(file.replace(/-.*/, '').replace('.txt', '')) ?? 0;
  const onWindows = file.includes('windows');

  it.each([...listsOf(file)])('of --%s are those that were captured', (option, captured) => {
    const table = tables.find((each) => each.option === option);
    if (table === undefined) throw new Error(`there is no --${option}`);
    const { fields } = tableAt(table, release, onWindows);
    // A heading has the first name only.
    const hasAliases = captured.some((names) => names.length > 1);
    const ours = fields.map(({ names }) => (hasAliases ? names : names.slice(0, 1)).join(' or '));
    expect([...ours].sort()).toEqual(captured.map((names) => names.join(' or ')).sort());
  });
});

describe('a driver whose nvidia-smi was never seen', () => {
  const namesOf = (release: number): readonly string[] =>
    tables.flatMap((table) => tableAt(table, release).fields.flatMap(({ names }) => names));

  it('has the fields of the newest that was seen where it is newer, and of the oldest where it is older', () => {
    expect(namesOf(999)).toEqual(namesOf(610));
    expect(namesOf(304)).toEqual(namesOf(470));
    expect(namesOf(304)).not.toEqual(namesOf(525));
  });
});
