/** The recorded machines that come with the package. A standalone binary has them inside, and another file for this. */
import { readFileSync } from 'node:fs';

/** The text of a recording. Throws like readFileSync. They lie as far from the bundle as from the source. */
export const bundledText = (name: string): string =>
  readFileSync(new URL(`../../snapshots/${name}.json`, import.meta.url), 'utf8');
