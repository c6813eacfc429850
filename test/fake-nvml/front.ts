/**
 * Writes a front of the NVML library of this machine into a folder, to see what any NVML client asks, or to
 * let it run into faults:
 *
 *   npx tsx test/fake-nvml/front.ts /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1 /tmp/front [faults.json]
 *   LD_LIBRARY_PATH=/tmp/front nvidia-smi; cat /tmp/front/log
 *
 * faults.json is a list of Fault (table.ts). The folder may be moved to a machine without a compiler; there
 * NVSMI_FAKE_TABLE, NVSMI_FAKE_LOG and NVSMI_FAKE_REAL say what lies elsewhere.
 */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildFake } from './build.js';
import { exportedSymbols } from './exported-symbols.js';
import type { Fault } from './table.js';

const [real, folder, faults] = process.argv.slice(2);
if (real === undefined || folder === undefined) {
  console.error('usage: front.ts LIBRARY FOLDER [FAULTS]');
  process.exit(2);
}
const fake = await buildFake({ also: exportedSymbols(real).filter((name) => name.startsWith('nvml')) });
const target = resolve(folder);
const { path } = fake.with({
  real: resolve(real),
  log: join(target, 'log'),
  faults: faults === undefined ? [] : (JSON.parse(readFileSync(faults, 'utf8')) as readonly Fault[]),
});
mkdirSync(target, { recursive: true });
for (const file of ['libnvidia-ml.so.1', 'libnvidia-ml.so.1.table']) {
  copyFileSync(join(path, '..', file), join(target, file));
}
