/**
 * A file that gets a whole new content: the old one stays until the new one is on the disk, and where that does not fit, or
 * the program fails before, it is still there.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { openWritten, type Written } from './written-path.js';

/** A file for output, as it was or made. */
export interface OutputFile extends Written {
  /** Whether it has a content that can be replaced. What is not a file (a pipe, /dev/null) or has no name is written directly. */
  readonly isReplaceable: boolean;
  readonly isNew: boolean;
}

const { O_WRONLY, O_CREAT } = constants;
const PERMISSIONS = 0o777;

/** Opens a file for output, or makes it. Throws like openSync, and for a link of another user. */
export function openOutput(path: string): OutputFile {
  let isNew = false;
  let written: Written;
  try {
    written = openWritten(path, O_WRONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    written = openWritten(path, O_WRONLY | O_CREAT);
    isNew = true;
  }
  const isFile = fstatSync(written.fd).isFile();
  const isReplaceable = isFile && !written.path.startsWith('/proc/');
  if (isFile && !isReplaceable) ftruncateSync(written.fd);
  return { ...written, isReplaceable, isNew };
}

/** Replaces the content of a file, and closes it. Throws like writeSync where the new content does not fit. */
export function replaceContent({ fd, path, isNew }: OutputFile, text: string): void {
  const bytes = Buffer.from(text);
  try {
    const before = fstatSync(fd);
    if (!exchange(path, before, bytes)) overwrite(fd, before.size, bytes);
  } catch (error) {
    if (isNew) rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Why a file cannot be exchanged for another one: its folder takes none from this user, it belongs to another user, or it is
 * a mount of its own, as files in containers are.
 */
const NOT_EXCHANGED: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EBUSY',
  'EXDEV',
]);

/** Writes a file next to another, and renames it to the other. False where that cannot be done. */
function exchange(path: string, before: Stats, bytes: Uint8Array): boolean {
  const now = lstatSync(path, { throwIfNoEntry: false });
  // It was moved away meanwhile, as by logrotate: what was opened is what is written.
  if (now?.ino !== before.ino || now.dev !== before.dev) return false;
  const beside = `${dirname(path)}/.nvsmi-${Math.random().toString(36).slice(2)}`;
  try {
    const fd = openSync(beside, 'wx', before.mode & PERMISSIONS);
    try {
      writeFileSync(fd, bytes);
      fchownSync(fd, before.uid, before.gid);
      fchmodSync(fd, before.mode & PERMISSIONS);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, path);
    return true;
  } catch (error) {
    rmSync(beside, { force: true });
    if (NOT_EXCHANGED.has((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  }
}

/** Writes over a file. What lies beyond its end comes first: a full disk shows there, before the old content is touched. */
function overwrite(fd: number, size: number, bytes: Uint8Array): void {
  try {
    writeAt(fd, bytes.subarray(size), size);
    fsyncSync(fd);
  } catch (error) {
    ftruncateSync(fd, size);
    throw error;
  }
  writeAt(fd, bytes.subarray(0, size), 0);
  ftruncateSync(fd, bytes.length);
}

function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}
