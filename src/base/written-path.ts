/** Opens the file that a user named for writing, and never another one that a link of another user leads to. */
import { constants, lstatSync, openSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { belongsTo, currentUser, MOST_LINKS, ROOT } from './trust.js';

const ALL_WRITE = 0o002;

/** A link that another user made where it may mislead the writer. */
class ForeignLink extends Error {
  override readonly name = 'ForeignLink';

  constructor(link: string) {
    super(`${link} is a link of another user, which is not followed`);
  }
}

/**
 * Whether a link may be followed for writing: as Linux' fs.protected_symlinks has it, also where that is switched off, in
 * folders that are not sticky, and for root in every folder.
 */
function mayFollow(link: Stats, folder: Stats, uid: number): boolean {
  if (belongsTo(uid, link)) return true;
  return uid !== ROOT && ((folder.mode & ALL_WRITE) === 0 || folder.uid === link.uid);
}

/** Links of /proc are open files, not paths: /dev/stdout, `>(…)` of a shell. */
const isOpenFile = (path: string): boolean => path.startsWith('/proc/');

/**
 * The path where the links of another lead to, which may be nowhere yet. Throws ForeignLink for one that may not be
 * followed. What cannot be looked at is left to open(), which says why.
 */
export function writtenPath(path: string, uid = currentUser()): string {
  if (path === '' || path.endsWith('/')) return path;
  let at = resolve(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    const folder = realFolder(at);
    if (folder === undefined) return at;
    at = join(folder, basename(at));
    if (isOpenFile(at)) return at;
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined || !found.isSymbolicLink()) return at;
    if (uid !== undefined && !mayFollow(found, lstatSync(folder), uid)) throw new ForeignLink(at);
    at = resolve(folder, readlinkSync(at));
  }
  return at;
}

function realFolder(path: string): string | undefined {
  try {
    return realpathSync(dirname(path));
  } catch {
    return undefined;
  }
}

/** A file that is open for writing. */
export interface Written {
  readonly fd: number;
  /** Without links. */
  readonly path: string;
}

/** Opens a path like openSync, with flags of `constants`. A link that is put in its place meanwhile is not followed. */
export function openWritten(path: string, flags: number, mode = 0o666): Written {
  const written = writtenPath(path);
  // Windows has no such flag.
  const { O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
  return { path: written, fd: openSync(written, isOpenFile(written) ? flags : flags | O_NOFOLLOW, mode) };
}
