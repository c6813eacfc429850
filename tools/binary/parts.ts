/** What the binary is made of, from npm. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetched } from '../fetched.js';
import { BUN, bunName } from '../runtimes.js';

/** Bun for an architecture. */
export const bun = (arch: string): string => join(fetched(bunName(arch), BUN), 'bin/bun');

const koffiVersion = (): string =>
  JSON.parse(readFileSync('node_modules/koffi/package.json', 'utf8')).version;

/** koffi's native part for an architecture and glibc. */
export const koffiNative = (arch: string): string =>
  join(fetched(`@koromix/koffi-linux-${arch}`, koffiVersion()), `linux_${arch}/koffi.node`);
