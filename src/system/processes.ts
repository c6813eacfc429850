/** Which process a number is of: Linux gives the numbers of those that ended to others. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { machineFiles } from './files.js';
import { procStat } from './proc-stat.js';

/**
 * When a process began, in clock ticks since the boot, as /proc has it: with its number it names one process. Empty for one
 * that has ended and waits for its parent; undefined where there is nothing to be seen.
 */
export function startOf(pid: number | 'self'): string | undefined {
  const stat = procStat(machineFiles, pid);
  return stat?.state === 'Z' ? '' : stat?.start;
}

/** Whether a process has a file open; undefined where this user cannot see that. */
export function hasOpen(pid: number, file: string): boolean | undefined {
  const open = `/proc/${pid}/fd`;
  try {
    const { dev, ino } = lstatSync(file);
    return readdirSync(open).some((name) => {
      const found = statSync(`${open}/${name}`, { throwIfNoEntry: false });
      return found?.dev === dev && found.ino === ino;
    });
  } catch {
    return undefined;
  }
}
