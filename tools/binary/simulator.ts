/** The simulator's library in a standalone binary: instead of src/simulator/library-file.ts. */
import { readFileSync } from 'node:fs';
import { INSIDE } from './inside.js';

export const ARCHITECTURES = ['x64', 'arm64'] as const;

export const ownArchitecture = (): string => process.arch;

/** Throws like readFileSync. */
export const libraryFile = (arch: string): Buffer =>
  readFileSync(`${INSIDE}/simulator/libnvidia-ml-${arch}.so`);
