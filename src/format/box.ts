/** Boxed tables without lines between the columns, as nvidia-smi's mig, compute-policy and boost-slider draw them. */
import Table from 'cli-table3';

export interface BoxColumn {
  readonly width: number;
  readonly align?: 'left' | 'right';
}

export interface Box {
  /** The lines above the double rule: a title and the columns' names, padded to the width of the box. */
  readonly head: readonly string[];
  readonly columns: readonly BoxColumn[];
  /** A cell of several lines makes its row that high. */
  readonly rows: readonly (readonly string[])[];
}

/** Borders of cli-table3: a rule between the rows, nothing between the columns, no rule above the first row. */
const CHARS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '-',
  'bottom-mid': '',
  'bottom-left': '+',
  'bottom-right': '+',
  left: '|',
  'left-mid': '+',
  mid: '-',
  'mid-mid': '',
  right: '|',
  'right-mid': '+',
  middle: '',
};

/** The whole table. Without rows its rules close right below the head. */
export function boxTable({ head, columns, rows }: Box): string {
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const rule = `+${'-'.repeat(width)}+`;
  const top = [rule, ...head.map((line) => `|${line.padEnd(width)}|`), `|${'='.repeat(width)}|`];
  if (rows.length === 0) return `${[...top, rule].join('\n')}\n`;
  const body = new Table({
    chars: CHARS,
    colWidths: columns.map((column) => column.width),
    colAligns: columns.map((column) => column.align ?? 'left'),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const row of rows) body.push([...row]);
  return `${[...top, body.toString()].join('\n')}\n`;
}
