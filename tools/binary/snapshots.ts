/** The recorded machines in a standalone binary: instead of src/snapshot/bundled.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { INSIDE } from './inside.js';

const FOLDER = `${INSIDE}/snapshots`;
const ENDING = '.json';

/** The text of a recording. Throws like readFileSync. */
export const bundledText = (name: string): string => readFileSync(`${FOLDER}/${name}${ENDING}`, 'utf8');

/** The names of all recordings. */
export const bundledNames = (): readonly string[] =>
  readdirSync(FOLDER)
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
