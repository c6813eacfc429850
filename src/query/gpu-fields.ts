/** The fields of --query-gpu by their names, and their values where a command needs a few of them once. */
import type { Asking } from './ask/asking.js';
import { readFields } from './ask/records.js';
import type { Subject } from './ask/subject.js';
import { nameOf, type Row } from './field.js';
import { gpuTable } from './gpu/index.js';
import type { Reading } from './reading.js';

const byName = new Map(gpuTable.fields.map((row) => [nameOf(row), row]));

/** The row of a --query-gpu field. Throws for a name that does not exist: a mistake of the caller. */
export function gpuRow(name: string): Row {
  const row = byName.get(name);
  if (row === undefined) throw new Error(`no field ${name}`);
  return row;
}

/** Values of some --query-gpu fields of one GPU or MIG device. */
export const gpuFields = (names: readonly string[], subject: Subject): Asking<readonly Reading[]> =>
  readFields(names.map(gpuRow), subject);

/** One of them. */
export function* gpuField(name: string, subject: Subject): Asking<Reading> {
  const [reading] = yield* gpuFields([name], subject);
  return reading as Reading;
}
