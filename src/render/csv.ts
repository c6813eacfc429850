/** CSV as `--format=csv` prints it: `, ` between the columns, units in the header or behind the values. */
import { Missing, NOT_SUPPORTED, statusWords } from '../nvml/status.js';
import type { Reader, Reading } from '../query/bound-probe.js';
import type { Kind } from '../query/kind.js';
import type { Plan } from '../query/plan.js';
import type { Row } from '../query/row.js';

const SEPARATOR = ', ';

/** The unit in the CSV header and behind CSV values; '' where there is none. */
export const csvUnitOf = (kind: Kind): string => kind.csvUnit ?? kind.unit ?? '';

/** The header names the canonical field and its unit, also under `nounits`. */
export function csvHeader(rows: readonly Row[]): string {
  return rows
    .map((row) => {
      const unit = csvUnitOf(row.kind);
      return unit === '' ? row.names[0] : `${row.names[0]} [${unit}]`;
    })
    .join(SEPARATOR);
}

/** One cell: the value with its unit, or the words of its status in brackets; a bare row's N/A has none. */
export function csvCell(row: Row, reading: Reading, units: boolean): string {
  if (reading instanceof Missing) {
    const words = statusWords(reading.status);
    return reading.bare || (row.bare && reading === NOT_SUPPORTED) ? words : `[${words}]`;
  }
  const value = row.kind.spell(reading);
  const unit = units ? csvUnitOf(row.kind) : '';
  return unit === '' ? value : `${value} ${unit}`;
}

/** One record as a line. */
export const csvLine = (rows: readonly Row[], readings: readonly Reading[], units: boolean): string =>
  `${rows.map((row, i) => csvCell(row, readings[i] as Reading, units)).join(SEPARATOR)}\n`;

/** Makes the lines of a plan's samples. The hot path of loops: cells that cannot change are spelled once. */
export function csvPrinter(plan: Plan, units: boolean): () => string {
  const lines = plan.lines.map(({ readers }) =>
    plan.rows.map((row, i): (() => string) => {
      const read = readers[i] as Reader;
      if (!plan.isStatic(row)) return () => csvCell(row, read(), units);
      let cell: string | undefined;
      return () => {
        cell ??= csvCell(row, read(), units);
        return cell;
      };
    }),
  );
  return () => {
    let out = '';
    for (const cells of lines) {
      for (let i = 0; i < cells.length; i++) {
        if (i > 0) out += SEPARATOR;
        out += (cells[i] as () => string)();
      }
      out += '\n';
    }
    return out;
  };
}
