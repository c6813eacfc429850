/** The recorded machines in a standalone binary: instead of src/nvml/bundled.ts. */
import { getAsset } from 'node:sea';

/** The text of a recording. Throws ENOENT, as reading a file would. */
export function bundledText(name: string): string {
  try {
    return getAsset(`snapshots/${name}.json`, 'utf8');
  } catch {
    throw Object.assign(new Error(`no recorded machine ${name}`), { code: 'ENOENT' });
  }
}

/** Written here by the build. */
declare const SNAPSHOT_NAMES: readonly string[];

/** The names of all recordings. */
export const bundledNames = (): readonly string[] => SNAPSHOT_NAMES;
