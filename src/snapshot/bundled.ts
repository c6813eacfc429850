/** The recorded machines that come with the package. A standalone binary has them inside, and another file for this. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SnapshotError } from '../nvml/failures.js';
import { ownFile } from '../nvml/here.js';

const ENDING = '.json';

/** They lie as far from the bundle as from the source. */
const folder = (): string => join(dirname(ownFile() ?? ''), '../../snapshots');

/** The text of a recording. Throws like readFileSync. */
export const bundledText = (name: string): string => readFileSync(join(folder(), name + ENDING), 'utf8');

/** The names of all recordings. Throws SnapshotError where a bundler has left them out. */
export function bundledNames(): readonly string[] {
  try {
    return readdirSync(folder())
      .filter((file) => file.endsWith(ENDING))
      .map((file) => file.slice(0, -ENDING.length))
      .sort();
  } catch {
    throw new SnapshotError(
      `the snapshots of nvsmi are not where its code is (${folder()}): give the path of one, or let the bundler leave nvsmi outside ("external")`,
    );
  }
}
