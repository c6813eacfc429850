/**
 * What an nvidia-smi printed, kept in one text: `## machine | arguments`, the output, `rc=N`. Such a log replaces the
 * program where it is not there: a driver that needs a machine of its own, and the tests.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Printed } from './program.js';

export interface LogEntry extends Printed {
  readonly machine: string;
  readonly args: string;
}

export const logText = (entries: readonly LogEntry[]): string =>
  entries.map(({ machine, args, out, status }) => `## ${machine} | ${args}\n${out}rc=${status}\n`).join('');

/** Reads a log, also a compressed one. */
export function readLog(path: string): readonly LogEntry[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split(/^## (?=[\w-]+ \| )/m)
    .slice(1)
    .map((entry) => {
      const [, machine = '', args = '', out = '', status = ''] =
        /^([\w-]+) \| (.*)\n([\s\S]*?)rc=(-?\d+)\n$/.exec(entry) ?? [];
      return { machine, args, out, status: signalled(Number(status)) };
    });
}

/** A shell adds 128 to the number of the signal that ended a program. */
const signalled = (status: number): number =>
  [134, 135, 139].includes(status) ? -2 : status === 124 ? -1 : status;
