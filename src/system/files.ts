/** The files of /proc and /sys: those of this machine, or those of a recording. */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { own } from '../form.js';

export interface SystemFiles {
  /** A file's text, or undefined where it is not there or may not be read. */
  read(path: string): string | undefined;
  /** Names in a folder, sorted; none where there is no such folder. */
  list(path: string): readonly string[];
  /** Where a path leads once its links are followed, or undefined. */
  realpath(path: string): string | undefined;
}

function orUndefined<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

export const machineFiles: SystemFiles = {
  read: (path) => orUndefined(() => readFileSync(path, 'utf8')),
  list: (path) => orUndefined(() => readdirSync(path).sort()) ?? [],
  realpath: (path) => orUndefined(() => realpathSync(path)),
};

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
  };
}
