/**
 * A lock on an open file that the kernel owns (`flock`): it ends with the process, also at kill -9, and holds between containers
 * that share a folder. A name in the abstract space of Unix sockets would not: each network namespace has its own.
 */
import { koffi } from './koffi.js';

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const EWOULDBLOCK = 11;

/** `unknown` where there is no such lock: without koffi, or on a file system that refuses it. */
export type FileLock = 'locked' | 'taken' | 'unknown';

/** Locks an open file for one process, or as one of many that only see whether it is locked. Closing the file unlocks it. */
export function lockFile(fd: number, how: 'alone' | 'shared'): FileLock {
  try {
    const { load, errno } = koffi();
    const flock = load(null).func('int flock(int, int)');
    if (flock(fd, LOCK_NB | (how === 'alone' ? LOCK_EX : LOCK_SH)) === 0) return 'locked';
    return errno() === EWOULDBLOCK ? 'taken' : 'unknown';
  } catch {
    return 'unknown';
  }
}
