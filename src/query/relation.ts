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
  /**
   * Finds the records of a subject now. Without it a subject has one record: its own. `asked` are the fields that will be read,
   * where finding records takes questions that only they need; `around` is for records that are between GPUs or other devices.
   */
  readonly find?: (
    subject: Subject,
    asked: ReadonlySet<Field>,
    around?: Partial<Surroundings>,
  ) => Asking<Records>;
}

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
