/** Processes on GPUs as text: a table as wide as the terminal, and lines about what it does not show. */

import { plainly } from '../base/plain-text.js';
import { Missing } from '../nvml/status.js';
import { isPlausible, mebibytes, percent, text } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import type { Hidden } from '../watch/hidden.js';
import type { ProcessListColumn } from '../watch/process-columns.js';
import type { ProcessEntry } from '../watch/process-entry.js';
import type { ProcessSum } from '../watch/process-sums.js';
import { type FittedColumn, fittedTable } from './fitted-table.js';

const ABSENT = '-';

/** The value of a column with its unit. */
export function wholeProcessText({ kind, shown }: ProcessListColumn, reading: Reading): string {
  if (reading instanceof Missing || reading === '' || !isPlausible(kind, reading)) return ABSENT;
  const spelled = kind.spell(reading);
  return shown?.text?.(spelled) ?? spelled;
}

/** The same as a table shows it. */
export function processText(column: ProcessListColumn, reading: Reading): string {
  const whole = wholeProcessText(column, reading);
  return column.shown?.short?.(whole) ?? whole;
}

/** The columns that a table has room for; those with nothing in them are left out. */
function shownColumns(
  columns: readonly ProcessListColumn[],
  entries: readonly ProcessEntry[],
  now: number,
): readonly (FittedColumn & { readonly name: string })[] {
  return columns.flatMap((column) => {
    const { shown, name } = column;
    if (shown === undefined) return [];
    const texts = entries.map((entry) => processText(column, column.read(entry, now)));
    if (shown.optional && texts.every((cell) => cell === ABSENT)) return [];
    return [{ name, head: shown.head, align: shown.align, rank: shown.rank, texts }];
  });
}

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

export const processTable = (
  columns: readonly ProcessListColumn[],
  entries: readonly ProcessEntry[],
  now: number,
  width: number,
  mark: string,
): string =>
  entries.length === 0
    ? 'No processes found.\n'
    : joined(fittedTable(shownColumns(columns, entries, now), width, mark));

const shownMemory = (reading: Reading): string =>
  reading instanceof Missing ? ABSENT : `${mebibytes.spell(reading)}MiB`;
const shownPercent = (reading: Reading): string =>
  reading instanceof Missing ? ABSENT : percent.spell(Math.round(Number(reading) * 10) / 10);

/** The sums of --by; the key comes last, as names may be long. */
export function sumTable(head: string, sums: readonly ProcessSum[], width: number, mark: string): string {
  if (sums.length === 0) return 'No processes found.\n';
  const column = (
    name: string,
    rank: number,
    of: (sum: ProcessSum) => string,
    align: 'left' | 'right' = 'right',
  ): FittedColumn => ({ head: name, align, rank, texts: sums.map(of) });
  const keyText = ({ key }: ProcessSum): string =>
    key instanceof Missing ? '(unknown)' : key === '' ? '(none)' : text.spell(key);
  return joined(
    fittedTable(
      [
        column('PROCESSES', 50, ({ processes }) => String(processes)),
        column('GPUS', 60, ({ gpus }) => gpus.join(','), 'left'),
        column('SM%', 70, ({ sm }) => shownPercent(sm)),
        column('GPU-MEM', 100, ({ usedMemory }) => shownMemory(usedMemory)),
        column('CPU%', 40, ({ cpu }) => shownPercent(cpu)),
        column('HOST-MEM', 30, ({ hostMemory }) => shownMemory(hostMemory)),
        column(head, 100, keyText, 'left'),
      ],
      width,
      mark,
    ),
  );
}

/** A GPU whose memory is in use by more than the processes that NVML lists. */
export interface Unaccounted {
  readonly gpu: number;
  readonly memory: Reading;
  readonly holders: readonly {
    readonly pid: number;
    readonly user?: string | undefined;
    readonly command: string;
  }[];
}

export const unaccountedLines = (rests: readonly Unaccounted[]): string =>
  joined(
    rests.map(({ gpu, memory, holders }) => {
      const named = holders.map(({ pid, user, command }) => {
        const of = user === undefined ? '' : ` (${user})`;
        return plainly`${pid} ${command.split(' ', 1)[0]}${of}`;
      });
      const who =
        named.length === 0
          ? 'no other process with its device file open can be seen'
          : `its device file is also open in ${named.join(', ')}`;
      return `GPU ${gpu}: ${shownMemory(memory)} in use that no listed process accounts for; ${who}.`;
    }),
  );

export const hiddenLines = (hidden: readonly Hidden[]): string =>
  joined(hidden.map(({ what, remedy }) => (remedy === undefined ? what : `${what} ${remedy}`)));
