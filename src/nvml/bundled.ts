/** The recorded machines that come with the package. The standalone binary is built with another file for this one. */
import { readFileSync } from 'node:fs';

/** The text of a recording. Throws like readFileSync. The path is the same from the bundle as from this source. */
export const bundledText = (name: string): string =>
  readFileSync(new URL(`../../snapshots/${name}.json`, import.meta.url), 'utf8');
