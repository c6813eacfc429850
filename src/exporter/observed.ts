/** What one collection found: records of numbers as they were read, which every dialect folds into its own metrics. */

import type { Finding, NotApplicable } from '../base/verdict.js';

/** What there is a record of. */
export type MetricRelation = 'gpu' | 'mig' | 'nvlink' | 'process' | 'xid';

export type Labels = Readonly<Record<string, string>>;

export interface Observed {
  readonly relation: MetricRelation;
  /** Who the record is about, in our own names; for one that belongs to a GPU, who that is, too. */
  readonly labels: Labels;
  /** Raw readings by the names of their fields. What could not be read is not here. */
  readonly values: Readonly<Record<string, number>>;
}

export interface CollectedRecords {
  /** When the collection ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly tookMs: number;
  readonly records: readonly Observed[];
  /** How many readings failed, by the symbol of the status. What a GPU does not have is no failure. */
  readonly errors: Readonly<Record<string, number>>;
}

/** What the health checks found. */
export interface HealthSeen {
  /** When the checks ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly tookMs: number;
  /** Milliseconds from one run of the checks to the next. */
  readonly period: number;
  readonly findings: readonly Finding[];
  readonly notApplicable: readonly NotApplicable[];
}

/** What is collected. */
export interface Wish {
  /** Whether a field is wanted. One that is not is never asked. */
  readonly has: (field: string) => boolean;
  readonly processes: boolean;
  readonly pcieThroughput: boolean;
}
