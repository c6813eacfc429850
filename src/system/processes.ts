/** Which process a number is of: Linux gives the numbers of those that ended to others. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { machineFiles } from './files.js';

/** Place of the start time in /proc/PID/stat after the name of the program, which may hold blanks and parentheses. */
const STATE = 0;
const START = 19;

/**
 * When a process began, in clock ticks since the boot, as /proc has it: with its number it names one process. Empty for one
 * that has ended and waits for its parent; undefined where there is nothing to be seen.
 */
export function startOf(pid: number | 'self'): string | undefined {
  const stat = machineFiles.read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[STATE] === 'Z' ? '' : fields?.[START];
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
