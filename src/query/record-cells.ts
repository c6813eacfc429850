/** Records of a relation as cells, by the names of their fields. */
import { Missing } from '../nvml/status.js';
import type { Asking } from './ask/asking.js';
import { fieldReader } from './ask/field-reader.js';
import { Gathering } from './ask/gathering.js';
import { NOWHERE, readRecords } from './ask/records.js';
import { type Subject, SYSTEM } from './ask/subject.js';
import { type Cell, type Cells, cell } from './cell.js';
import { type Field, nameOf, type RecordValues } from './field.js';
import type { Reading } from './reading.js';
import type { Relation } from './relation.js';

export const cellsOf = (fields: readonly Field[], readings: readonly Reading[]): Cells =>
  Object.fromEntries(
    fields.map((field, i): [string, Cell] => [nameOf(field), cell(field.kind, readings[i] as Reading)]),
  );

/** In place of records that cannot be listed: why, in each of their fields. */
const absentCells = (fields: readonly Field[], why: Missing): Cells =>
  cellsOf(
    fields,
    fields.map(() => why),
  );

/** The records of a subject; one that says why, where they cannot be listed. */
export function* recordCells(
  relation: Relation,
  fields: readonly Field[],
  subject: Subject,
): Asking<readonly Cells[]> {
  const records = yield* readRecords(relation, fields, subject);
  if (records instanceof Missing) return [absentCells(fields, records)];
  return records.map(({ readings }) => cellsOf(fields, readings));
}

/** A record whose values are known. Throws for a field that asks NVML: a mistake of the caller. */
export function knownCells(fields: readonly Field[], values: RecordValues): Cells {
  const gathering = new Gathering();
  const readers = fields.map((field) => fieldReader(field, SYSTEM, values, gathering, NOWHERE));
  if (gathering.questions.length > 0) throw new Error('a field of these records asks NVML');
  return cellsOf(
    fields,
    readers.map((read) => read()),
  );
}
