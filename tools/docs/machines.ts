/** The recorded machines that come with the package, as a table in Markdown. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Snapshot } from '../../src/snapshot/snapshot.js';

const FOLDER = new URL('../../snapshots/', import.meta.url);

/** Their names, without the ending of the files. */
export const machineNames = (): readonly string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();

/** Recorded ones come first. */
export function machineTable(): string {
  const machines = machineNames().map((name): Snapshot & { readonly name: string } => ({
    name,
    ...JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')),
  }));
  const rows = [...machines]
    .sort((a, b) => b.origin.localeCompare(a.origin))
    .map(({ name, title, origin }) => `| \`${name}\` | ${title.replaceAll('|', '\\|')} | ${origin} |\n`);
  return `| snapshot | machine | origin |\n|---|---|---|\n${rows.join('')}`;
}
