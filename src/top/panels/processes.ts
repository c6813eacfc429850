/** The table of processes. */

import { type FittedColumn, type PlacedColumn, placed } from '../../format/fitted-table.js';
import { fitted } from '../../format/graphemes.js';
import { processText } from '../../format/ps.js';
import { Missing } from '../../nvml/status.js';
import { type ProcessListColumn, processColumns } from '../../watch/process-columns.js';
import { branchText, type ListedProcess, listedProcesses } from '../process-list.js';
import { type Line, type StyledText, span, styled } from '../span.js';
import type { Model } from '../state.js';

interface PanelColumn extends FittedColumn {
  readonly of: ProcessListColumn;
}

const LAST = 'command';

/** Room that a column keeps, so that numbers which grow do not move the others. */
const LEAST: Readonly<Record<string, number>> = {
  pid: 7,
  sm: 4,
  mem: 4,
  used_gpu_memory: 9,
  cpu: 5,
  host_memory: 9,
  run_time: 8,
};

const MARK = '*';

export interface ProcessPanel {
  readonly lines: readonly Line[];
  /** The columns of the head, for clicks: where each begins, and what it sorts by. */
  readonly heads: readonly { readonly from: number; readonly to: number; readonly name: string }[];
  /** The keys of the rows below the head. */
  readonly keys: readonly string[];
}

/** The head and as many processes as there is room for, with the selected one among them. */
export function processPanel(model: Model, height: number): ProcessPanel {
  const { state, surface } = model;
  const all = listedProcesses(model);
  const rows = Math.max(0, height - 1);
  const first = firstShown(all, state.selected, rows);
  const shown = all.slice(first, first + rows);
  const mark = surface.isUtf8 ? '…' : '>';
  const columns = columnsOf(all, model);
  // The first cell is that of tags.
  const kept = placed(columns, surface.columns - 1) as readonly (PlacedColumn & {
    readonly column: PanelColumn;
  })[];
  let x = 1;
  const heads = kept.map(({ column, width }) => {
    const head = { from: x, to: x + width, name: column.of.name };
    x += width + 1;
    return head;
  });
  const headLine: Line = [
    span(' '),
    ...kept.flatMap(({ column, width }): readonly StyledText[] => {
      const isSorted = column.of.name === state.sort;
      const arrow = isSorted && width > column.head.length ? (state.reverse ? '^' : 'v') : '';
      const text = fitted(`${column.head}${arrow}`, width, column.align, mark);
      return [{ ...span(text, isSorted ? 'title' : 'dim'), bold: isSorted }, span(' ')];
    }),
  ];
  const old = new Set((model.sample?.gpus ?? []).flatMap((gpu) => (gpu.hasAnswered ? [] : [gpu.index])));
  const lines = shown.map((process, i) => {
    const line = rowLine(process, first + i, kept, model, mark);
    const isOld = process.entry !== undefined && old.has(process.entry.place.gpu.index);
    return isOld ? styled(line, { role: 'dim' }) : line;
  });
  const count = all.length === 0 ? [[span(emptyText(model), 'dim')]] : [];
  return { lines: [headLine, ...lines, ...count].slice(0, height), heads, keys: shown.map(({ key }) => key) };
}

const emptyText = ({ sample, state }: Model): string => {
  if (sample === undefined) return ' Waiting for the first sample.';
  return state.filter === '' && state.onlyGpu === undefined
    ? ' No processes found.'
    : ' No process fits the filter.';
};

/** The selected one is shown, and what surrounds it. */
function firstShown(all: readonly ListedProcess[], selected: string | undefined, rows: number): number {
  const at = all.findIndex(({ key }) => key === selected);
  if (at === -1 || all.length <= rows) return 0;
  return Math.min(Math.max(0, at - Math.floor(rows / 2)), all.length - rows);
}

function columnsOf(all: readonly ListedProcess[], { now, surface }: Model): readonly PanelColumn[] {
  return processColumns.flatMap((of): readonly PanelColumn[] => {
    const { shown, name } = of;
    if (shown === undefined) return [];
    const texts = all.map((process) => cellText(of, process, now, surface.isUtf8));
    if (shown.optional && texts.every((text) => text === '-' || text === '')) return [];
    const least = name === LAST ? surface.columns : (LEAST[name] ?? 0);
    return [
      { of, head: shown.head, align: shown.align, rank: shown.rank, texts: [...texts, ' '.repeat(least)] },
    ];
  });
}

function cellText(
  column: ProcessListColumn,
  { entry, ancestor, branches }: ListedProcess,
  now: number,
  isUtf8: boolean,
): string {
  const before = column.name === LAST ? branchText(branches, isUtf8) : '';
  if (entry !== undefined) return before + processText(column, column.read(entry, now));
  if (ancestor === undefined) return '';
  switch (column.name) {
    case 'pid':
      return String(ancestor.pid);
    case 'user':
      return ancestor.user ?? '';
    case LAST:
      return before + ancestor.command;
    default:
      return '';
  }
}

function rowLine(
  process: ListedProcess,
  row: number,
  kept: readonly (PlacedColumn & { readonly column: PanelColumn })[],
  { state }: Model,
  mark: string,
): Line {
  const isTagged = state.tagged.has(process.key);
  const line: Line = [
    span(isTagged ? MARK : ' ', 'warn'),
    ...kept.flatMap(({ column, width }, i): readonly StyledText[] => [
      span(
        fitted(column.texts[row] ?? '', width, column.align, mark),
        isTagged ? 'warn' : roleOf(process, column.of.name),
      ),
      ...(i === kept.length - 1 ? [] : [span(' ')]),
    ]),
  ];
  return process.key === state.selected ? styled(line, { reverse: true }) : line;
}

function roleOf({ entry }: ListedProcess, name: string): 'plain' | 'dim' | 'bad' {
  if (entry === undefined) return 'dim';
  const { host } = entry;
  // Waiting for a device without end, or dead and not collected.
  if (name === 'state' && !(host instanceof Missing) && ['D', 'Z'].includes(host.state)) return 'bad';
  return 'plain';
}
