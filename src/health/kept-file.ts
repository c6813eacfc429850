/** The files that health keeps: read as a whole, written as a whole, and never lost for a new one. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readBounded, TooLong } from '../base/bounded-file.js';
import { BadFile } from './bad-file.js';

const LONGEST = 16 * 1024 * 1024;

/** A file's text, or undefined where there is none. Throws BadFile. */
export function readIfThere(path: string): string | undefined {
  try {
    return readBounded(path, LONGEST, 'file of health').toString('utf8');
  } catch (error) {
    if (error instanceof TooLong) throw new BadFile(path, `it is ${error.message}`);
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new BadFile(path, `it cannot be read (${codeOf(error)})`);
  }
}

/** Without hard links (FAT, some network file systems) a file is renamed. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a file another name, and returns it: no file that is there already is lost, not even one that another process keeps
 * aside right now. Undefined where another process did it first. Throws BadFile.
 */
export function keepAside(path: string): string | undefined {
  for (let n = 1; ; n++) {
    const aside = `${path}.old-${n}`;
    try {
      linkSync(path, aside);
      rmSync(path, { force: true });
      return aside;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EEXIST') continue;
      if (code === 'ENOENT') return undefined;
      if (!NO_LINKS.has(code)) throw new BadFile(path, `it cannot be kept aside (${code})`);
      return renamedAside(path, n);
    }
  }
}

function renamedAside(path: string, from: number): string | undefined {
  for (let n = from; ; n++) {
    const aside = `${path}.old-${n}`;
    try {
      // Takes the name, if it is free.
      closeSync(openSync(aside, 'wx'));
      renameSync(path, aside);
      return aside;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EEXIST') continue;
      rmSync(aside, { force: true });
      if (code === 'ENOENT') return undefined;
      throw new BadFile(path, `it cannot be kept aside (${code})`);
    }
  }
}

/**
 * Writes a file as a whole or not at all: runs at the same time leave the file of one of them. With `keeps` the file that is there
 * is kept aside once the new one is on the disk; returns where. Throws BadFile.
 */
export function writeWhole(path: string, content: string, { keeps = false } = {}): string | undefined {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const fd = openSync(temporary, 'wx', 0o644);
    try {
      writeFileSync(fd, content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    const aside = keeps ? keepAside(path) : undefined;
    renameSync(temporary, path);
    return aside;
  } catch (error) {
    rmSync(temporary, { force: true });
    if (error instanceof BadFile) throw error;
    throw new BadFile(path, `it cannot be written (${codeOf(error)})`);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'EIO';
