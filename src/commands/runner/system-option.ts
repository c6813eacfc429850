/** Which system a command looks at: a copy below a folder, a recording, or this machine; and how its terminal looks. */

import { styles } from '../../base/style.js';
import type { TerminalStyle } from '../../format/verdicts.js';
import { openSnapshot } from '../../snapshot/machine.js';
import { type KernelLog, NoKernelLog, openKernelLog } from '../../system/kernel-log.js';
import { recordedSystem, type System, systemAt } from '../../system/system.js';
import type { Context } from '../context.js';

/** The colours and letters that the reader's terminal has. */
export function lookOf({ io }: Pick<Context, 'io'>): TerminalStyle {
  const { LC_ALL, LC_CTYPE, LANG } = io.env;
  return { style: styles(io.stdoutIsTerminal, io), isUtf8: /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') };
}

/** The system of a command line. */
export function systemOf(root: string | undefined, { source }: Pick<Context, 'source'>): System {
  if (root !== undefined) return systemAt(root);
  if (source === undefined) return systemAt('/');
  return recordedSystem(source.snapshot, openSnapshot(source.snapshot).snapshot.files);
}

/** Why there is no kernel log to read. */
export interface NoLog {
  readonly reason: string;
  readonly remedy: string;
}

/** The kernel log of the same system. */
export function kernelLogOf(
  root: string | undefined,
  { source }: Pick<Context, 'source'>,
): KernelLog | NoLog {
  if (root === undefined && source !== undefined) {
    return { reason: 'a recording has none', remedy: 'Run it on the machine itself.' };
  }
  const log = openKernelLog(root);
  return log instanceof NoKernelLog ? { reason: String(log), remedy: log.remedy } : log;
}
