/** Which files and folders no other user of the machine can have made or changed: only such ones may hold code that is run. */
import { lstatSync, mkdirSync, readlinkSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Writable by the group or by all; of a folder of this mode others can exchange what is in it. */
const OTHERS_WRITE = 0o022;
/** In a folder with this bit only the owner of a file removes or renames it. */
const STICKY = 0o1000;
const OTHERS = 0o077;

/** As many links as Linux follows for one path. */
export const MOST_LINKS = 40;

export const ROOT = 0;

/** Whose rights this process has; undefined where there are no users (Windows). */
export const currentUser = (): number | undefined => process.geteuid?.();

/** Whether a file belongs to a user or to root, who can do everything anyway. */
export const belongsTo = (uid: number, found: Stats): boolean => found.uid === uid || found.uid === ROOT;

/**
 * Where a path leads, if no user but this one and root can make it lead elsewhere or change what is there: it, every folder
 * above it and every link on the way belong to one of the two, and no others may write there. In a sticky folder on the way
 * (/tmp) others may write, but not touch what belongs to these two; it is not a safe end of the path. Undefined where another user
 * can; throws like lstatSync where there is nothing.
 */
export function trustedPath(path: string, uid: number): string | undefined {
  const names = ['', ...namesOf(path)].reverse();
  let at = '';
  for (let links = 0; names.length > 0; ) {
    const name = names.pop() as string;
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const next = at === '/' ? `/${name}` : `${at}/${name}`;
    const found = lstatSync(next);
    if (!belongsTo(uid, found)) return undefined;
    if (found.isSymbolicLink()) {
      links += 1;
      if (links > MOST_LINKS) return undefined;
      const target = readlinkSync(next);
      if (target.startsWith('/')) at = '/';
      names.push(...namesOf(target).reverse());
      continue;
    }
    const isOnTheWay = names.length > 0 && (found.mode & STICKY) !== 0;
    if ((found.mode & OTHERS_WRITE) !== 0 && !isOnTheWay) return undefined;
    at = next;
  }
  return at;
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');

/**
 * A folder that this user alone may enter, below one that is there: made, name by name, where it is missing. Undefined where
 * another user could change it; throws like mkdirSync where it cannot be made.
 */
function ownFolder(start: string, names: readonly string[], uid: number): string | undefined {
  let folder: string | undefined;
  try {
    folder = trustedPath(join(start, ...names), uid);
  } catch {
    folder = trustedPath(start, uid);
    for (const name of names) {
      if (folder === undefined) return undefined;
      makeFolder(`${folder}/${name}`);
      folder = trustedPath(`${folder}/${name}`, uid);
    }
  }
  if (folder === undefined) return undefined;
  const { uid: owner, mode } = lstatSync(folder);
  return owner === uid && (mode & OTHERS) === 0 ? folder : undefined;
}

/** Makes one folder that only its owner may use, if it is not there. With `recursive` Node never returns below /proc. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * A folder of nvsmi's for what is faster to find than to make, private to a user: below XDG_CACHE_HOME or ~/.cache.
 * Undefined where there is no such place that can be trusted, and where there are no users (Windows).
 */
export function cacheFolder(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  uid = currentUser(),
): string | undefined {
  const { XDG_CACHE_HOME, HOME } = env;
  const [start, cache] = XDG_CACHE_HOME?.startsWith('/')
    ? [dirname(XDG_CACHE_HOME), basename(XDG_CACHE_HOME)]
    : [HOME ?? '', '.cache'];
  if (uid === undefined || !start.startsWith('/')) return undefined;
  try {
    return ownFolder(start, [cache, 'nvsmi', name], uid);
  } catch {
    // No home, one that is full or may not be written.
    return undefined;
  }
}
