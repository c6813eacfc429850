/**
 * Writes the built machines of snapshots/. `--check` compares instead of writing and fails when a committed
 * file is not what this would write. Recorded machines are only read.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { formatSnapshot, type Snapshot } from '../src/nvml/snapshot.js';
import { a100Mig } from './snapshots/a100-mig.js';
import { hgxH100x8 } from './snapshots/hgx-h100-x8.js';
import { lostGpu } from './snapshots/lost-gpu.js';
import { mismatch } from './snapshots/mismatch.js';
import { none } from './snapshots/none.js';
import { rtx4090 } from './snapshots/rtx-4090.js';
import { t4 } from './snapshots/t4.js';

/** In this order: one may begin with what the one before wrote. */
const machines: Readonly<Record<string, () => Snapshot>> = {
  'hgx-h100-x8': hgxH100x8,
  'lost-gpu': lostGpu,
  'a100-mig': a100Mig,
  'rtx-4090': rtx4090,
  t4,
  none,
  mismatch,
};

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [name, build] of Object.entries(machines)) {
  const text = formatSnapshot(build());
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
