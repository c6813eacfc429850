/** A row: one field that can be asked for. */

import { at, type Past, type Release, type Span } from '../release.js';
import type { Pick, Reading, Value } from './bound-probe.js';
import type { Kind } from './kind.js';
import type { Probe } from './probe.js';

/** What a row can read that is not an answer of NVML. */
export type Own = 'index' | 'count' | 'timestamp' | 'blank';

export interface Row extends Span {
  /**
   * Stable number of the field (the field enumeration). Below 1000 the numbers are those that pynvml_utils has
   * for the same name; the other fields of the GPU got theirs from 1000 on, in the order of the table as of
   * 580.159.04; the columns of the other tables begin at 2000. A new field takes the next free number of its
   * range, wherever its row stands; a number is never given to another field.
   */
  readonly id: number;
  /** The canonical name, then its aliases. */
  readonly names: readonly [string, ...string[]];
  /** One or two sentences for --help-query-*. */
  readonly help: string;
  /** The same for JSON and the library, where its kind makes another thing of the value there. */
  readonly jsonHelp?: string;
  readonly kind: Kind;
  readonly source: Source;
  /** What was otherwise with older drivers, the oldest first. */
  readonly past?: readonly Past<Row>[];
  /**
   * CSV prints an unsupported value as N/A, without the brackets that it puts around all others. Seen:
   * temperature.memory of a GeForce (591.86, 595.71) and fabric.* of the H100 (580.159.04).
   */
  readonly bare?: true;
}

/** Statuses that are an answer, and the value that each stands for. */
export type StatusValues = Readonly<Record<number, Value>>;

export type Source =
  | { readonly own: Own }
  /** What nvidia-smi answers for every GPU without asking it. */
  | { readonly constant: Reading }
  /** A value of a probe about the GPU or the system. */
  | { readonly probe: Probe; readonly pick: Pick; readonly statuses?: StatusValues }
  /** A value of the record itself (a process, a page, a clock pair), where a table has several per GPU. */
  | { readonly item: string };

export const from = (probe: Probe, pick: Pick = '', statuses?: StatusValues): Source => ({
  probe,
  pick,
  ...(statuses === undefined ? {} : { statuses }),
});
export const item = (name: string): Source => ({ item: name });
export const own = (what: Own): Source => ({ own: what });
export const constant = (reading: Reading): Source => ({ constant: reading });

/** A row's canonical name. */
export const nameOf = (row: Row): string => row.names[0];

/** Rows that all came, or went, with a driver. */
export const spanned = (span: Span, rows: readonly Row[]): readonly Row[] =>
  rows.map((row) => ({ ...span, ...row }));

/** A row, or another field, as it was in a release. */
export function fieldAt<F extends { readonly kind: Kind }>(field: F, release: Release): F {
  const then = at<F & { readonly past?: readonly Past<F>[] }>(field, release);
  const kind = at(then.kind, release);
  return kind === then.kind ? then : { ...then, kind };
}
