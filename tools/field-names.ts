/** Writes src/query/generated/field-names.ts: what a command line is checked against before the tables are loaded. */
import { tables } from '../src/query/tables/index.js';

export function fieldNames(): string {
  const lines = tables.map(
    ({ option, fields }) => `  '${option}':\n    '${fields.flatMap((row) => row.names).join(' ')}',`,
  );
  return [
    '/** The fields of every --query-* switch, each with all of its names, between blanks. */',
    'export const FIELD_NAMES: Readonly<Record<string, string>> = {',
    ...lines,
    '};',
    '',
  ].join('\n');
}
