/** The program that tests start as a user does: Node's, or the one that NVSMI_PROGRAM names (`npm run check:binary`). */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Program = readonly [file: string, ...first: string[]];

export const NODE_PROGRAM: Program = [
  process.execPath,
  fileURLToPath(new URL('../bin/nvsmi.js', import.meta.url)),
];

const named = process.env.NVSMI_PROGRAM;

export const PROGRAM: Program = named === undefined ? NODE_PROGRAM : [resolve(named)];

/** What to start for a command line. */
export function started(argv: readonly string[], [file, ...first] = PROGRAM): [string, string[]] {
  return [file, [...first, ...argv]];
}
