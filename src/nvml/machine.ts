/** The machine that answers: this one through its NVML library, or a recorded one. */
import { readFileSync } from 'node:fs';
import type { Driver } from './call.js';
import { parseSnapshot, type Snapshot, SnapshotError, snapshotDriver } from './snapshot.js';

/** Where the recorded machines of the package lie, seen from the bundle and from the source. */
const BUNDLED = ['../snapshots/', '../../snapshots/'].map((path) => new URL(path, import.meta.url));

/** A recording: its driver, and the files of /proc and /sys that were recorded with it. */
export interface Recording {
  readonly driver: Driver;
  readonly snapshot: Snapshot;
}

/** Opens a snapshot by the name of a bundled one, or as a file. Throws SnapshotError. */
export function openSnapshot(nameOrPath: string): Recording {
  const snapshot = parseSnapshot(readSnapshot(nameOrPath), nameOrPath);
  return { driver: snapshotDriver(snapshot, nameOrPath), snapshot };
}

function readSnapshot(nameOrPath: string): string {
  const isName = /^[\w-]+$/.test(nameOrPath);
  const paths = isName ? BUNDLED.map((folder) => new URL(`${nameOrPath}.json`, folder)) : [nameOrPath];
  let code: string | undefined;
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      code = (error as NodeJS.ErrnoException).code;
    }
  }
  throw new SnapshotError(
    code === 'ENOENT' ? `${nameOrPath}: no such snapshot` : `${nameOrPath}: cannot be read (${code})`,
  );
}
