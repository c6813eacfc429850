/** A value of a result: where it is, by what it is asked for, and how it is made. */
import type { Missing } from '../../nvml/status.js';
import type { Field } from '../../query/field.js';
import type { Reading } from '../../query/reading.js';
import type { Relation } from '../../query/relation.js';
import { fieldNamed, numberOf, relations } from '../../query/relations.js';
import { NVSMI } from '../generated/nvsmi-ids.js';

/** The readings of each record, or why there are none. */
export type ResultRecords = readonly (readonly Reading[])[] | Missing;

export interface ResultRow {
  /** Its key, below the keys of its groups. */
  readonly path: readonly string[];
  /** The fields and relations by whose numbers it is asked for. Of those without one, only the full answer has it. */
  readonly asked: readonly string[];
  readonly fields: readonly Field[];
  /** Left out where its fields are those of the GPU: one record. */
  readonly relation?: Pick<Relation, 'find'>;
  /** Its records never change. */
  readonly isStatic?: true;
  /** The type of what is made of records. A value of one field is a text or a number. */
  readonly declared?: string;
  readonly unit?: string | undefined;
  /** Its unit is a value beside it, not one of its group. */
  readonly unitBeside?: true;
  /** Left out of the full answer: what pynvml_utils has a number for and forgets. */
  readonly extra?: true;
  /** In its group whenever that is there. */
  readonly always?: true;
  of(records: ResultRecords): unknown;
}

const relationNumbers = new Map(relations.map(({ name, id }) => [name, id]));

/** The number by which a field or a relation is asked for. */
export const numberNamed = (name: string): number | undefined =>
  relationNumbers.get(name) ?? numberOf(fieldNamed(name));

/** The rows that numbers ask for, with those that are always there and the units. */
export function askedRows(rows: readonly ResultRow[], ids: ReadonlySet<number>): readonly ResultRow[] {
  const isAsked = ({ asked, extra }: ResultRow): boolean =>
    (ids.has(NVSMI.ALL) && !extra) || asked.some((name) => ids.has(numberNamed(name) ?? Number.NaN));
  const groups = new Set(rows.filter(isAsked).map(({ path }) => path[0]));
  return withUnits(rows.filter((row) => isAsked(row) || (row.always && groups.has(row.path[0]))));
}

/** A unit as a value: beside its number, or the last in a group. */
const unitRow = (path: readonly string[], unit: string): ResultRow => ({
  path,
  asked: [],
  fields: [],
  of: () => unit,
});

/** The same rows with those of their units. */
export const withUnits = (rows: readonly ResultRow[]): readonly ResultRow[] => [
  ...rows.flatMap((row) => {
    const beside = row.path.with(-1, `${row.path.at(-1)}_unit`);
    return row.unit !== undefined && row.unitBeside ? [row, unitRow(beside, row.unit)] : [row];
  }),
  ...rows.flatMap(({ path, unit, unitBeside }) =>
    unit === undefined || unitBeside ? [] : [unitRow(path.with(-1, 'unit'), unit)],
  ),
];

/** Values in their groups. */
export interface Groups<T> {
  [key: string]: T | Groups<T>;
}

export function grouped<T>(values: Iterable<readonly [path: readonly string[], value: T]>): Groups<T> {
  const root: Groups<T> = {};
  for (const [path, value] of values) {
    let group = root;
    for (const key of path.slice(0, -1)) {
      group[key] ??= {};
      group = group[key] as Groups<T>;
    }
    group[path.at(-1) as string] = value;
  }
  return root;
}
