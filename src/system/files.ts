/** The files of /proc and /sys: those of this machine, or those of a recording. */
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { join } from 'node:path';
import { own } from '../base/form.js';

export interface SystemFiles {
  /** A file's text, or undefined where it is not there or may not be read. */
  read(path: string): string | undefined;
  /** Names in a folder, sorted; none where there is no such folder. */
  list(path: string): readonly string[];
  /** Where a path leads once its links are followed, or undefined. */
  realpath(path: string): string | undefined;
  /** Where a link leads, unresolved, or undefined. */
  link(path: string): string | undefined;
  /** Whether a path is there and this user may not read it. */
  isDenied(path: string): boolean;
}

function orUndefined<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** Most files of /proc and /sys are shorter. */
const USUAL_LENGTH = 16 * 1024;
let scratch: Buffer | undefined;

/**
 * A file's text. readFileSync takes 256 KiB for each file of the kernel, which says that it is empty (Bun 1.4.5), and a monitor reads
 * several each second: that memory is taken from the kernel and given back every time.
 */
function textOf(path: string): string {
  scratch ??= Buffer.allocUnsafe(USUAL_LENGTH);
  const file = openSync(path, 'r');
  try {
    let length = 0;
    while (length < USUAL_LENGTH) {
      const read = readSync(file, scratch, length, USUAL_LENGTH - length, null);
      if (read === 0) return scratch.toString('utf8', 0, length);
      length += read;
    }
  } finally {
    closeSync(file);
  }
  return readFileSync(path, 'utf8');
}

/**
 * Throws where a path may not be read. access() does not show that in /proc: by its mode every file is open to root, but in a
 * container without CAP_SYS_PTRACE root is refused the environment and the open files of others.
 */
function tryToRead(path: string): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) readlinkSync(path);
  else if (found.isDirectory()) readdirSync(path);
  else closeSync(openSync(path, 'r'));
}

/** The files below a folder that takes the place of /: a container's root, or that of a test. */
export function filesUnder(root: string): SystemFiles {
  const at = (path: string): string => (root === '/' ? path : join(root, path));
  return {
    read: (path) => orUndefined(() => textOf(at(path))),
    list: (path) => orUndefined(() => readdirSync(at(path)).sort()) ?? [],
    realpath: (path) => orUndefined(() => realpathSync(at(path))),
    link: (path) => orUndefined(() => readlinkSync(at(path))),
    isDenied: (path) => {
      try {
        tryToRead(at(path));
        return false;
      } catch (error) {
        return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
      }
    },
  };
}

export const machineFiles: SystemFiles = filesUnder('/');

/** A recording holds the target of a link under the path of the link with this appended. */
export const LINK = '@';

/** Answers from a recording's files. */
export function recordedFiles(files: Readonly<Record<string, string>>): SystemFiles {
  return {
    read: (path) => own(files, path),
    list: (path) => {
      const folder = path.endsWith('/') ? path : `${path}/`;
      const names = Object.keys(files)
        .filter((file) => file.startsWith(folder))
        .map((file) => file.slice(folder.length).split('/', 1)[0] ?? '')
        .map((name) => (name.endsWith(LINK) ? name.slice(0, -LINK.length) : name));
      return [...new Set(names)].sort();
    },
    realpath: (path) => own(files, `${path}${LINK}`) ?? (Object.hasOwn(files, path) ? path : undefined),
    link: (path) => own(files, `${path}${LINK}`),
    isDenied: () => false,
  };
}
