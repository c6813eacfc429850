/** Writes src/api/generated/device.ts: the TypeScript type of what deviceQuery returns, from its table. */

import { gpuRows, headRows } from '../src/api/pynvml/fields.js';
import { type Groups, grouped, numberNamed, type ResultRow, withUnits } from '../src/api/pynvml/row.js';
import { fieldHelp } from '../src/query/field.js';
import { filterNames } from './pynvml-ids.js';

/** A leaf's absence is a text, so that a number may be one, too. */
const typeOf = (row: ResultRow): string => (typeof row.of([[1]]) === 'number' ? 'number | string' : 'string');

/** Units as texts spell them. */
const SPELLED: Readonly<Record<string, string>> = { '%': 'percent', C: 'degrees C' };

const comment = (words: readonly (string | undefined)[], indent: string): string[] => {
  const text = words
    .filter((word) => word !== undefined)
    .join(' ')
    .replace(/\s+/g, ' ');
  return text === '' ? [] : [`${indent}/** ${text} */`];
};

/** Which names ask for a value; of many the first and the last. */
function askedAs({ asked }: ResultRow): string | undefined {
  if (asked.length === 0) return 'Only in the full answer.';
  const numbers = asked.map(numberNamed);
  const names = filterNames.filter(([, id]) => numbers.includes(id)).map(([name]) => `\`${name}\``);
  if (names.length === 0) return undefined;
  return `Asked for as ${names.length > 3 ? `${names[0]} … ${names.at(-1)}` : names.join(', ')}.`;
}

const lines = (rows: readonly ResultRow[]): readonly string[] =>
  groupLines(grouped(withUnits(rows).map((row) => [row.path, row])), '  ');

const isRow = (part: ResultRow | Groups<ResultRow>): part is ResultRow => Array.isArray(part.path);

const groupLines = (group: Groups<ResultRow>, indent: string): readonly string[] =>
  Object.entries(group).flatMap(([key, part]) => {
    if (isRow(part)) return rowLines(key, part, indent);
    return [`${indent}readonly ${key}?: {`, ...groupLines(part, `${indent}  `), `${indent}};`];
  });

function rowLines(key: string, row: ResultRow, indent: string): readonly string[] {
  // A unit. That of a group is there whenever the group is.
  if (row.fields.length === 0)
    return [`${indent}readonly ${key}${key === 'unit' ? '' : '?'}: '${row.of([])}';`];
  if (row.declared !== undefined) {
    return [...comment([askedAs(row)], indent), `${indent}readonly ${key}?: ${row.declared};`];
  }
  // What is always in its group is there whenever the group is.
  if (row.always === true) return [`${indent}readonly ${key}: ${typeOf(row)};`];
  const [first] = row.fields;
  const help = first && fieldHelp(first);
  const isSaid =
    row.unit === undefined ||
    typeOf(row) === 'string' ||
    help?.includes(SPELLED[row.unit] ?? `in ${row.unit}`);
  const unit = isSaid ? undefined : `In ${row.unit}.`;
  return [...comment([help, unit, askedAs(row)], indent), `${indent}readonly ${key}?: ${typeOf(row)};`];
}

export function deviceTypes(): string {
  const declared = gpuRows.flatMap((row) => row.declared?.match(/[A-Z]\w+/g) ?? []);
  return [
    `import type { ${[...new Set(declared)].sort().join(', ')} } from '../pynvml/lists.js';`,
    '',
    '/**',
    ' * One GPU of deviceQuery: what the filter asks for. A value that the GPU does not have is a text instead: `N/A`, or',
    " * NVML's words for why.",
    ' */',
    'export interface DeviceGpu {',
    ...lines(gpuRows),
    '}',
    '',
    '/** What deviceQuery answers: what the filter asks for. */',
    'export interface DeviceResult {',
    '  /** The day, as YYYY-MM-DD in local time. Asked for as `timestamp`. */',
    '  readonly timestamp?: string;',
    ...lines(headRows.slice(1, 2)),
    '  /** How many GPUs there are. Asked for as `count`. */',
    '  readonly count?: number;',
    '  /** In their order; not there where nothing about GPUs is asked. */',
    '  readonly gpu?: readonly DeviceGpu[];',
    '}',
    '',
  ].join('\n');
}
