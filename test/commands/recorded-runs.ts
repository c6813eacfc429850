/** Recorded runs of nvidia-smi, by the index of a machine. */
import { readFileSync } from 'node:fs';
import type { Snapshot } from '../../src/snapshot/snapshot.js';

/** A machine that a test makes, as a snapshot. */
export const snapshotOf = (title: string, machine: Pick<Snapshot, 'calls' | 'files'>): Snapshot => ({
  format: 'nvsmi-snapshot',
  version: 1,
  title,
  origin: 'built',
  identities: 'made-up',
  ...machine,
});

const GOLDEN = new URL('../golden/', import.meta.url);

export interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly argv: readonly string[];
  readonly out: string;
}

/** The recorded runs of a machine whose name a pattern takes. */
export function recordedRuns(machine: string, names: RegExp): readonly Recorded[] {
  const folder = new URL(`${machine}/`, GOLDEN);
  return readFileSync(new URL('INDEX.tsv', folder), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([name = '']) => names.test(name))
    .map(([name = '', exit = '', argv = '']) => ({
      name,
      status: Number(exit),
      argv: argv.split(' '),
      out: readFileSync(new URL(`${name}.out`, folder), 'utf8'),
    }));
}
