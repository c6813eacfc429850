/**
 * Bun and Deno, the runtimes beside Node: their packages at npm that hold nothing but the executable. Run as a program
 * this fetches both for this machine (52 and 42 MB), which makes `npm test` run the library in them.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BUN, TARGETS } from './binary/parts.js';
import { fetched, fetchedBefore } from './fetched.js';

const DENO = '2.9.6';

interface Runtime {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  /** The executable, in its package. */
  readonly file: string;
}

const bun = TARGETS[process.arch]?.bun;

export const RUNTIMES: readonly Runtime[] = [
  ...(bun === undefined ? [] : [{ name: 'bun', package: bun, version: BUN, file: 'bin/bun' }]),
  { name: 'deno', package: `@deno/linux-${process.arch}-glibc`, version: DENO, file: 'deno' },
];

/** The executable of a runtime, where it was fetched. */
export function executableOf(runtime: Runtime): string | undefined {
  const folder = fetchedBefore(runtime.package, runtime.version);
  return folder === undefined ? undefined : join(folder, runtime.file);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const runtime of RUNTIMES) {
    console.log(join(fetched(runtime.package, runtime.version), runtime.file));
  }
}
