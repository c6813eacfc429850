/**
 * Writes the built machines of snapshots/, which tools/snapshots/ describes. `--check` compares instead of writing and fails when
 * a committed file is not what this would write. Recorded machines are only read.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { formatSnapshot } from '../src/snapshot/snapshot.js';
import { work } from './snapshots/hgx-h100-x8.js';
import { Machine } from './snapshots/machine.js';

/** In this order: one may begin with what the one before wrote. With what makes a machine move. */
const machines: readonly (readonly [name: string, move?: (machine: Machine) => void])[] = [
  ['hgx-h100-x8', work],
  ['lost-gpu'],
  ['a100-mig'],
  ['rtx-4090'],
  ['t4'],
  ['rtx-5090'],
  ['l40s'],
  ['gb10'],
  ['h100-mig'],
  ['vgpu-guest'],
  ['wsl'],
  ['none'],
  ['mismatch'],
];

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [name, move] of machines) {
  const machine = Machine.described(name);
  move?.(machine);
  const text = formatSnapshot(machine.built());
  const file = new URL(`../snapshots/${name}.json`, import.meta.url);
  if (!check) {
    writeFileSync(file, text);
    console.log(`snapshots/${name}.json: ${Math.round(text.length / 1024)} KiB`);
  } else if (readOrNothing(file) !== text) {
    stale.push(`snapshots/${name}.json`);
  }
}
if (stale.length > 0) {
  console.error(`Not what tools/snapshots.ts writes: ${stale.join(', ')}`);
  process.exitCode = 1;
}

function readOrNothing(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
