/** Opens a recorded machine. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Driver } from '../nvml/call.js';
import { SnapshotError } from '../nvml/failures.js';
import { bundledNames, bundledText } from './bundled.js';
import { parseSnapshot, type Snapshot } from './snapshot.js';
import { type MovedBy, snapshotDriver } from './snapshot-driver.js';

/** A recording: its driver, and the files of /proc and /sys that were recorded with it. */
export interface Recording {
  readonly driver: Driver;
  readonly snapshot: Snapshot;
}

/** Opens a snapshot by the name of a bundled one, else as a file, or what the JSON of one holds. Throws SnapshotError. */
export function openSnapshot(given: string | object, movedBy?: MovedBy): Recording {
  const source = typeof given === 'string' ? given : 'the recording';
  // An object is read as a file is: checked the same way, and copied, so that later changes to it have no effect.
  const text = typeof given === 'string' ? readSnapshot(given) : jsonOf(given);
  const snapshot = parseSnapshot(text, source);
  return { driver: snapshotDriver(snapshot, source, movedBy), snapshot };
}

function jsonOf(given: object): string {
  try {
    return JSON.stringify(given);
  } catch (error) {
    throw new SnapshotError(`the recording: cannot be JSON: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}

/** What may be the name of a bundled one. */
const NAME = /^[\w-]+$/;

function readSnapshot(nameOrPath: string): string {
  try {
    return (NAME.test(nameOrPath) ? bundledOrNone(nameOrPath) : undefined) ?? readWhole(nameOrPath);
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new SnapshotError(
      code === 'ENOENT' ? noSnapshot(nameOrPath) : `${nameOrPath}: cannot be read (${code})`,
    );
  }
}

function bundledOrNone(name: string): string | undefined {
  try {
    return bundledText(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function noSnapshot(nameOrPath: string): string {
  const names = nameOrPath.includes('/') ? '' : `; there are ${bundledNames().join(', ')}, or a file's path`;
  return `${nameOrPath}: no such snapshot${names}`;
}

/**
 * Fifty times the largest recording of the package, and no more than 400 MB in memory, whatever is in it (snapshot.ts). A device
 * such as /dev/zero has no end; a pipe may be long.
 */
const MOST_BYTES = 32 * 1024 * 1024;
const PIECE = 1024 * 1024;

function readWhole(path: string): string {
  const file = openSync(path, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; length <= MOST_BYTES; ) {
      const piece = Buffer.allocUnsafe(PIECE);
      const read = readSync(file, piece);
      if (read === 0) return Buffer.concat(pieces).toString('utf8');
      pieces.push(piece.subarray(0, read));
      length += read;
    }
    throw new SnapshotError(`${path}: longer than ${MOST_BYTES / 1024 / 1024} MiB, which no snapshot is`);
  } finally {
    closeSync(file);
  }
}
