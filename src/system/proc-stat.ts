/** /proc/PID/stat: what the kernel counts of a process. */
import type { SystemFiles } from './files.js';

export interface ProcStat {
  /** The name of the program, at most 15 bytes of it. */
  readonly name: string;
  /** R, S, D, Z, T, ... */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks that it ran, in user and kernel mode. */
  readonly cpuTicks: number;
  readonly threads: number;
  /** Clock ticks from the boot to its start: with its number this names one process. */
  readonly start: string;
}

/** A second in the clock ticks of /proc: USER_HZ, which is 100 on x86-64 and arm64. */
export const TICKS_PER_SECOND = 100;

/** Places after the name, which may hold blanks and parentheses. */
const STATE = 0;
const PARENT = 1;
const USER = 11;
const SYSTEM = 12;
const THREADS = 17;
const START = 19;

/** Undefined where there is no such process, or none to be seen. */
export function procStat(files: SystemFiles, pid: number | 'self'): ProcStat | undefined {
  const text = files.read(`/proc/${pid}/stat`);
  const end = text?.lastIndexOf(')') ?? -1;
  if (text === undefined || end === -1) return undefined;
  const fields = text.slice(end + 2).split(' ');
  const { [STATE]: state, [START]: start } = fields;
  if (state === undefined || start === undefined) return undefined;
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    state,
    parent: Number(fields[PARENT]),
    cpuTicks: Number(fields[USER]) + Number(fields[SYSTEM]),
    threads: Number(fields[THREADS]),
    start: start.trim(),
  };
}
