/** The recorded machines that come with the package. A standalone binary has them inside, and another file for this. */
import { readFileSync } from 'node:fs';

/** Where they lie, as far from the bundle as from the source. */
const SNAPSHOTS = new URL('../../snapshots/', import.meta.url);

/** The text of a recording. Throws like readFileSync. */
export const bundledText = (name: string): string => readFileSync(new URL(`${name}.json`, SNAPSHOTS), 'utf8');
