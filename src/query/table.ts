/** A table: what one --query-* switch can ask, and which records each GPU contributes. */
import type { Missing } from '../nvml/status.js';
import { isIn, type Release } from '../release.js';
import type { BoundProbe, Reading } from './bound-probe.js';
import type { Subject } from './plan.js';
import type { Probe } from './probe.js';
import { fieldAt, type Row } from './row.js';

/** The records of a GPU, or why they cannot be listed. */
export type Records = readonly RecordValues[] | Missing;

/** The values of one record that are not the GPU's own, by the names that `item` rows use. */
export type RecordValues = Readonly<Record<string, Reading>>;

/** Asks a probe at once, about the subject of the records or another one. */
export type AskProbe = (probe: Probe, subject?: Subject) => BoundProbe;

export interface Table {
  /** The switch without its dashes, e.g. query-gpu. */
  readonly option: string;
  /** The switch that lists its fields, if it is not called `help-` and the switch. */
  readonly help?: string;
  /** What a record is, for the help: "a GPU", "a process that computes on a GPU". */
  readonly subject: string;
  readonly rows: readonly Row[];
  /**
   * Finds the records of one GPU right now. A table without it has one record for each GPU. Where they cannot be listed one
   * record says why in all columns that are not the GPU's (550.163.01 with failing calls).
   */
  readonly records?: (subject: Subject, ask: AskProbe, asked: ReadonlySet<Row>) => Records;
}

/** The table as the driver of a release has it. */
export const tableAt = (table: Table, release: Release): Table => ({
  ...table,
  rows: table.rows.filter((row) => isIn(row, release)).map((row) => fieldAt(row, release)),
});
