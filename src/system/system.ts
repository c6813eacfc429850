/**
 * A machine below a root folder, as checks look at it: files, folders, device nodes. What is not there, what may not be read and
 * what a recording does not hold are three things.
 */
import { closeSync, constants, openSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { recordedFiles } from './files.js';

/** Something that could not be read, and why: it is not there, this user may not, or it was not recorded. */
export class Unread {
  constructor(
    readonly path: string,
    readonly why: 'absent' | 'denied' | 'unrecorded',
  ) {}

  /** Why, without the path. */
  get reason(): string {
    return WORDS[this.why];
  }

  toString(): string {
    return `${this.path} ${this.reason}`;
  }
}

const WORDS = { absent: 'does not exist', denied: 'cannot be read', unrecorded: 'is not in the recording' };

/** A node of /dev. */
export interface DeviceNode {
  readonly isDevice: boolean;
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface System {
  /** Where the paths are: `/`, a folder, or the name of a recording. */
  readonly place: string;
  read(path: string): string | Unread;
  /** Names in a folder, sorted. */
  list(path: string): readonly string[] | Unread;
  /** Where a path leads once its links are followed. */
  realpath(path: string): string | Unread;
  node(path: string): DeviceNode | Unread;
  /** Opens a node to read and write, and closes it: undefined where that works, or else the error, such as EPERM. */
  openError(path: string): string | undefined | Unread;
}

const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

function attempt<T>(path: string, ask: () => T): T | Unread {
  try {
    return ask();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return new Unread(
      path,
      DENIED.has(code) ? 'denied' : code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'denied',
    );
  }
}

/** The machine below a folder: a copy of /proc, /sys and /dev may be in one. */
export function systemAt(root: string): System {
  const at = (path: string): string => (root === '/' ? path : join(root, path));
  const system: System = {
    place: root,
    read: (path) => attempt(path, () => readFileSync(at(path), 'utf8')),
    list: (path) => attempt(path, () => readdirSync(at(path)).sort()),
    realpath: (path) =>
      attempt(path, () => {
        const real = realpathSync(at(path));
        const top = root === '/' ? '' : realpathSync(root);
        return real.startsWith(`${top}/`) ? real.slice(top.length) : real;
      }),
    node: (path) => attempt(path, () => nodeOf(at(path))),
    openError(path) {
      const described = root === '/' ? undefined : descriptionIn(at(path));
      if (described !== undefined) return described[3];
      try {
        closeSync(openSync(at(path), constants.O_RDWR | constants.O_NONBLOCK));
        return undefined;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return code === 'ENOENT' ? new Unread(path, 'absent') : (code ?? 'EIO');
      }
    },
  };
  return system;

  function nodeOf(path: string): DeviceNode {
    const { mode, uid, gid, rdev } = statSync(path);
    const described = root === '/' ? undefined : descriptionIn(path);
    const [, major = rdev >> 8, minor = rdev & 0xff] = described ?? [];
    const isDevice = described !== undefined || (mode & constants.S_IFMT) === constants.S_IFCHR;
    return { isDevice, major: Number(major), minor: Number(minor), mode: mode & 0o7777, uid, gid };
  }
}

/**
 * A copy of a machine has no device nodes, which only root can make. A file in place of one has a line as `ls -l` shows the node:
 * `c 195:255`, and the error of opening it, if it has one.
 */
function descriptionIn(path: string): RegExpExecArray | undefined {
  const text = attempt(path, () => readFileSync(path, 'utf8'));
  return text instanceof Unread ? undefined : (/^c (\d+):(\d+)(?: (E[A-Z]+))?\s*$/.exec(text) ?? undefined);
}

/** A recorded machine. It holds few files, and no device nodes. */
export function recordedSystem(place: string, files: Readonly<Record<string, string>>): System {
  const recorded = recordedFiles(files);
  const or = <T>(path: string, found: T | undefined): T | Unread => found ?? new Unread(path, 'unrecorded');
  return {
    place,
    read: (path) => or(path, recorded.read(path)),
    list(path) {
      const names = recorded.list(path);
      return names.length === 0 ? new Unread(path, 'unrecorded') : names;
    },
    realpath: (path) => or(path, recorded.realpath(path)),
    node: (path) => new Unread(path, 'unrecorded'),
    openError: (path) => new Unread(path, 'unrecorded'),
  };
}

/** Whether a file or folder is there; undefined where that cannot be seen. */
export function isThere(system: System, path: string): boolean | undefined {
  const node = system.node(path);
  if (!(node instanceof Unread)) return true;
  if (node.why === 'absent') return false;
  if (node.why === 'denied') return undefined;
  return system.read(path) instanceof Unread && system.list(path) instanceof Unread ? undefined : true;
}
