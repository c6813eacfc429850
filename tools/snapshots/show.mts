import { writeFileSync } from 'node:fs';
import { formatSnapshot } from '../../src/snapshot/snapshot.js';
import { Machine } from './machine.js';
for (const name of process.argv.slice(2)) writeFileSync(`/tmp/mach/${name}.json`, formatSnapshot(Machine.described(name).built()));
