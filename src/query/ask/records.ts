/** The records of a relation, read: which there are on a subject, and the readings of chosen fields of each. */
import { Missing } from '../../nvml/status.js';
import type { Field } from '../field.js';
import type { Reading } from '../reading.js';
import type { Found, Relation } from '../relation.js';
import { type Asking, askAll } from './asking.js';
import { fieldReader, type Surroundings } from './field-reader.js';
import { Gathering } from './gathering.js';
import type { Subject } from './subject.js';

/** A record: the readings of the fields that were asked for, in their order. */
export interface ReadRecord extends Found {
  readonly readings: readonly Reading[];
}

/** Where fields that are about the program are read from, for readers that ask for none of them. */
export const NOWHERE: Surroundings = {
  get gpuCount(): never {
    throw new Error('how many GPUs there are is not known here');
  },
  now: Date.now,
};

/** Reads fields of all records of a subject; or why they cannot be listed. */
export function* readRecords(
  { find }: Pick<Relation, 'find'>,
  fields: readonly Field[],
  subject: Subject,
  around: Surroundings = NOWHERE,
): Asking<readonly ReadRecord[] | Missing> {
  const found = find === undefined ? [{ values: {} }] : yield* find(subject, new Set(fields), around);
  return found instanceof Missing ? found : yield* readFound(found, fields, subject, around);
}

/** Reads fields of records that were found on a subject. */
export function* readFound(
  found: readonly Found[],
  fields: readonly Field[],
  subject: Subject,
  around: Surroundings = NOWHERE,
): Asking<readonly ReadRecord[]> {
  const gathering = new Gathering();
  const records = found.map((record: Found) => ({
    ...record,
    readers: fields.map((field) =>
      fieldReader(field, record.about ?? subject, record.values, gathering, around),
    ),
  }));
  gathering.answers = yield* askAll(gathering.questions);
  return records.map(({ readers, ...record }) => ({ ...record, readings: readers.map((read) => read()) }));
}

/** Readings of fields of a subject itself, in their order. */
export function* readFields(
  fields: readonly Pick<Field, 'source'>[],
  subject: Subject,
  around: Surroundings = NOWHERE,
): Asking<readonly Reading[]> {
  const gathering = new Gathering();
  const readers = fields.map((field) => fieldReader(field, subject, {}, gathering, around));
  gathering.answers = yield* askAll(gathering.questions);
  return readers.map((read) => read());
}
