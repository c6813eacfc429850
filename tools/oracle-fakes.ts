/** Writes the fake NVML of recorded machines, for comparisons: npx tsx tools/oracle-fakes.ts FOLDER [NAME...] */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openSnapshot } from '../src/snapshot/machine.js';
import { buildFake } from '../test/fake-nvml/build.js';

const [folder = '.', ...names] = process.argv.slice(2);
const fake = await buildFake();
for (const name of names) {
  const target = resolve(folder, name);
  mkdirSync(target, { recursive: true });
  const journal = join(target, 'journal');
  const library = fake.with({
    snapshot: openSnapshot(name).snapshot,
    log: false,
    sparesFields: true,
    writable: { journal },
  });
  cpSync(library.folder, target, { recursive: true });
  writeFileSync(journal, '');
}
