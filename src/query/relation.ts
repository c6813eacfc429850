/** A relation: what there are several of, and what can be known of each. Every form of output is a fold over it. */

import { isIn, type Release } from '../base/release.js';
import type { Missing } from '../nvml/status.js';
import type { Asking } from './ask/asking.js';
import type { Surroundings } from './ask/field-reader.js';
import type { Subject } from './ask/subject.js';
import { type Field, fieldAt, type RecordValues, type Row } from './field.js';

/** One record as it was found: the values that identify it or came with it, and what its fields are asked about. */
export interface Found {
  readonly values: RecordValues;
  /** Left out where they are asked about the subject that the record was found on. */
  readonly about?: Subject;
}

/** The records of a subject, or why they cannot be listed. */
export type Records = readonly Found[] | Missing;

/**
 * Finds the records of a subject now. `asked` are the fields that will be read, where finding records takes questions that only they
 * need; `around` is for records that are between GPUs or other devices.
 */
export type Find = (
  subject: Subject,
  asked: ReadonlySet<Field>,
  around?: Partial<Surroundings>,
) => Asking<Records>;

/** A relation that is asked again and again: its records are of the time since the tick before. */
export interface RelationRun {
  readonly find: Find;
  /** Releases what NVML allocated. */
  end(): Asking<void>;
}

export interface Relation<F extends Field = Field> {
  /** Its name in JSON, in the library and in metrics. */
  readonly name: string;
  /** Its number in the field enumeration, where pynvml_utils gives the whole of it one. */
  readonly id?: number;
  /** What a record is, for the help: "a GPU", "a process that computes on a GPU". */
  readonly record: string;
  readonly fields: readonly F[];
  /** Its one record is of the system, or all that it finds there. Left out: it has records of each GPU. */
  readonly of?: 'system';
  /** Left out: a subject has one record, its own. */
  readonly find?: Find;
  /** In place of `find`, where records are of the time between two ticks. */
  readonly begin?: () => RelationRun;
}

/** A subject has one record, its own. */
const OWN: RelationRun = {
  // biome-ignore lint/correctness/useYield: it needs no question.
  *find() {
    return [{ values: {} }];
  },
  *end() {},
};

/** What finds the records of a relation, once or again and again. */
export const beginRelation = ({ find, begin }: Relation): RelationRun =>
  begin?.() ?? (find === undefined ? OWN : { ...OWN, find });

/** A relation that has a --query-* switch of its own. */
export interface Table extends Relation<Row> {
  /** The switch without its dashes, e.g. query-gpu. */
  readonly option: string;
  /** The switch that lists its fields, if it is not called `help-` and the switch. */
  readonly help?: string;
}

/** The table as the driver of a release has it. */
export const tableAt = (table: Table, release: Release, onWindows = false): Table => ({
  ...table,
  fields: table.fields
    .filter((field) => isIn(field, release, onWindows))
    .map((field) => fieldAt(field, release)),
});
