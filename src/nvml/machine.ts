/** The machine that answers: this one through its NVML library, or a recorded one. */
import { readFileSync } from 'node:fs';
import { bundledText } from './bundled.js';
import type { Driver } from './call.js';
import { parseSnapshot, type Snapshot, SnapshotError } from './snapshot.js';
import { snapshotDriver } from './snapshot-driver.js';

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
  try {
    return isName ? bundledText(nameOrPath) : readFileSync(nameOrPath, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SnapshotError(
      code === 'ENOENT' ? `${nameOrPath}: no such snapshot` : `${nameOrPath}: cannot be read (${code})`,
    );
  }
}
