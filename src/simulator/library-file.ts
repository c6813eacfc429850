/** The simulator's library that comes with the package. A standalone binary has it inside, and another file for this. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownFile } from '../nvml/here.js';

/** What it is built for. */
export const ARCHITECTURES = ['x64', 'arm64'] as const;

export const ownArchitecture = (): string => process.arch;

/** It lies as far from the bundle as from the source. Throws like readFileSync. */
export const libraryFile = (arch: string): Buffer =>
  readFileSync(join(dirname(ownFile() ?? ''), `../../dist/simulator/libnvidia-ml-${arch}.so`));
