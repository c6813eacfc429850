/** CSV as `--format=csv` prints it: `, ` between the columns, units in the header or after the values. */
import { isNotSupported, Missing, statusWords } from '../nvml/status.js';
import type { Field } from '../query/field.js';
import type { Kind } from '../query/kind.js';
import type { Plan } from '../query/plan.js';
import type { Reader, Reading } from '../query/reading.js';

const SEPARATOR = ', ';

/** The unit in the CSV header and after CSV values; '' where there is none. */
export const csvUnitOf = (kind: Kind): string => kind.csvUnit ?? kind.unit ?? '';

/** The header names the canonical field and its unit, also under `nounits`. */
export function csvHeader(fields: readonly Field[]): string {
  return fields
    .map(({ kind, names: [name] }) => {
      const unit = csvUnitOf(kind);
      return unit === '' ? name : `${name} [${unit}]`;
    })
    .join(SEPARATOR);
}

/** One cell: the value with its unit, or the words of its status in brackets; a bare field's N/A has none. */
export function csvCell(field: Field, reading: Reading, units: boolean): string {
  if (reading instanceof Missing) {
    const words = statusWords(reading.status);
    return reading.bare || (field.bare && isNotSupported(reading)) ? words : `[${words}]`;
  }
  const value = field.kind.csv?.(reading) ?? field.kind.spell(reading);
  const unit = units ? csvUnitOf(field.kind) : '';
  return unit === '' ? value : `${value} ${unit}`;
}

/** One record as a line. */
export const csvLine = (fields: readonly Field[], readings: readonly Reading[], units: boolean): string =>
  `${fields.map((field, i) => csvCell(field, readings[i] as Reading, units)).join(SEPARATOR)}\n`;

/**
 * Makes the lines of a plan's samples. The hot path of loops: a cell is spelled again only when its reading is another,
 * and one that cannot change is read once.
 */
export function csvPrinter(plan: Plan, units: boolean): () => string {
  const lines = plan.lines.map(({ readers }) =>
    plan.fields.map((field, i) => {
      const before = i === 0 ? '' : SEPARATOR;
      const spell = (reading: Reading): string => before + csvCell(field, reading, units);
      return cellPrinter(readers[i] as Reader, plan.isStatic(field), spell);
    }),
  );
  return () => {
    let out = '';
    for (const cells of lines) {
      for (const cell of cells) out += cell();
      out += '\n';
    }
    return out;
  };
}

function cellPrinter(read: Reader, isStatic: boolean, spell: (reading: Reading) => string): () => string {
  let text: string | undefined;
  let shown: Reading;
  return () => {
    if (text !== undefined && isStatic) return text;
    const reading = read();
    if (text === undefined || reading !== shown) text = spell(reading);
    shown = reading;
    return text;
  };
}
