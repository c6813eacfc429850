/** A folder for the cache of a standalone binary. */
import { mkdirSync } from 'node:fs';

/** Makes one folder that only its owner may use, if it is not there. With `recursive` Node 24 never returns below /proc. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
