/** A table as wide as the terminal: the least important columns are left out, and the last one is cut. */
import { cellsOf, cut, fitted } from './graphemes.js';

export interface FittedColumn {
  readonly head: string;
  readonly align: 'left' | 'right';
  /** Of the columns that do not fit those of the lowest rank are left out. */
  readonly rank: number;
  /** The cell of every row. */
  readonly texts: readonly string[];
}

const GAP = 1;
/** What the last column needs before others are left out for it. */
const LAST = 20;

export interface PlacedColumn {
  readonly column: FittedColumn;
  readonly width: number;
}

/** The columns that fit with the widths that they need; the last one gets what is left. */
export function placed(columns: readonly FittedColumn[], width: number): readonly PlacedColumn[] {
  const last = columns.at(-1);
  if (last === undefined) return [];
  const sized = columns.map((column) => ({
    column,
    width: Math.max(cellsOf(column.head), ...column.texts.map(cellsOf)),
  }));
  const wanted = Math.min(sized.at(-1)?.width ?? 0, LAST);
  const before = (kept: readonly PlacedColumn[]): number =>
    kept.slice(0, -1).reduce((sum, each) => sum + each.width + GAP, 0);
  let kept: readonly PlacedColumn[] = sized;
  while (kept.length > 1 && before(kept) + wanted > width) {
    const least = Math.min(...kept.slice(0, -1).map(({ column }) => column.rank));
    const victim = kept.findLastIndex(({ column }) => column.rank === least && column !== last);
    kept = kept.filter((_, i) => i !== victim);
  }
  const rest = Math.max(0, width - before(kept));
  return kept.map((each) => (each.column === last ? { ...each, width: Math.min(each.width, rest) } : each));
}

/** A line of the table; `cells` are those of the placed columns. */
function fittedLine(columns: readonly PlacedColumn[], cells: readonly string[], mark?: string): string {
  return columns
    .map(({ column, width }, i) =>
      i === columns.length - 1 && column.align === 'left'
        ? cut(cells[i] ?? '', width, mark)
        : fitted(cells[i] ?? '', width, column.align, mark),
    )
    .join(' '.repeat(GAP))
    .trimEnd();
}

/** The head and the rows. */
export function fittedTable(
  columns: readonly FittedColumn[],
  width: number,
  mark?: string,
): readonly string[] {
  const kept = placed(columns, width);
  const rows = columns[0]?.texts.length ?? 0;
  return [
    fittedLine(
      kept,
      kept.map(({ column }) => column.head),
      mark,
    ),
    ...Array.from({ length: rows }, (_, row) =>
      fittedLine(
        kept,
        kept.map(({ column }) => column.texts[row] ?? ''),
        mark,
      ),
    ),
  ];
}
