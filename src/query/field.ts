/** A field: a named reading, how it is spelled, and where it comes from. */

import { at, type Past, type Release, type Span } from '../base/release.js';
import type { Missing } from '../nvml/status.js';
import type { Wanted } from './ask/asking.js';
import type { BaseUnit, Kind } from './kind.js';
import type { Probe } from './probe.js';
import type { Pick, Reading, Value } from './reading.js';

/** What a field can read that is not an answer of NVML. */
export type Own = 'index' | 'count' | 'timestamp' | 'blank';

export interface Field extends Span {
  /** The canonical name, then its aliases. */
  readonly names: readonly [string, ...string[]];
  /** One or two sentences for --help-query-* and the field reference. */
  readonly help: string;
  /** The same for JSON and the library, where its kind makes another thing of the value there. */
  readonly jsonHelp?: string;
  /** The time that a share or a rate is over, where its help does not say it. */
  readonly period?: string;
  readonly kind: Kind;
  readonly source: Source;
  /** What was otherwise with older drivers, the oldest first. */
  readonly past?: readonly Past<Field>[];
  /** nvidia-smi's words before the value, where a text names it otherwise. */
  readonly label?: string;
  /**
   * CSV prints an unsupported value as N/A, without the brackets that it puts around all others. Seen:
   * temperature.memory of a GeForce (591.86, 595.71) and fabric.* of the H100 (580.159.04).
   */
  readonly bare?: true;
  /** How the field is a metric, where its kind and name do not say so; null where it is to be none. */
  readonly metric?: FieldMetric | null;
}

/** What a metric has that cannot be read from the kind and the name of its field. */
export interface FieldMetric {
  /** A counter only grows, until the driver is loaded again. What is not said to be one is a gauge. */
  readonly type?: 'counter';
  /** The name without its unit, where it is not that of the field. */
  readonly name?: string;
  /** The unit, where the kind has none. */
  readonly base?: BaseUnit;
}

type Described = { readonly help: string; readonly period?: string };

/** The help, and the time that the value is over. */
export const fieldHelp = ({ help, period }: Described): string =>
  period === undefined ? help : `${help} The period is ${period}.`;

/** The metric of a field that counts. */
export const COUNTER: FieldMetric = { type: 'counter' };

/** A field of the field enumeration. */
export interface Row extends Field {
  /**
   * Stable number of the field. Below 1000 the numbers are those of pynvml_utils; the other fields of --query-gpu have theirs
   * from 1000 on, the columns of the other tables from 2000 on, and what no --query-* option lists from 3000 on. A new field
   * takes the next free number of its range, wherever its row is; a number is never given to another field.
   */
  readonly id: number;
}

/** Statuses that are an answer, and the value that each means. */
export type StatusValues = Readonly<Record<number, Value>>;

/** The values of one record that its relation found with it, by the names that fields of `item` use. */
export type RecordValues = Readonly<Record<string, Reading>>;

export type Source =
  | { readonly own: Own }
  /** What nvidia-smi answers for every GPU without asking it. */
  | { readonly constant: Reading }
  /** A value of a probe about the subject or the system. */
  | { readonly probe: Probe; readonly pick: Pick; readonly statuses?: StatusValues }
  /** A value that was found with the record: a pid, a page, a clock pair. */
  | { readonly item: string }
  /** A value of a probe whose inputs are values of the record: the errors of a link. */
  | { readonly asks: (record: RecordValues) => Wanted | Missing }
  /** What is made of other fields of the record. */
  | {
      readonly derived: readonly { readonly source: Source }[];
      readonly of: (...readings: readonly [Reading, ...Reading[]]) => Reading;
    };

export const from = (probe: Probe, pick: Pick = '', statuses?: StatusValues): Source => ({
  probe,
  pick,
  ...(statuses === undefined ? {} : { statuses }),
});
export const item = (name: string): Source => ({ item: name });
export const own = (what: Own): Source => ({ own: what });
export const constant = (reading: Reading): Source => ({ constant: reading });
export const asks = (wanted: (record: RecordValues) => Wanted | Missing): Source => ({ asks: wanted });

/** A field's canonical name. */
export const nameOf = (field: Field): string => field.names[0];

/** Fields that all came, or went, with a driver. */
export const spanned = <F extends Field>(span: Span, fields: readonly F[]): readonly F[] =>
  fields.map((field) => ({ ...span, ...field }));

/** A field as it was in a release. */
export function fieldAt<F extends { readonly kind: Kind }>(field: F, release: Release): F {
  const then = at<F & { readonly past?: readonly Past<F>[] }>(field, release);
  const kind = at(then.kind, release);
  return kind === then.kind ? then : { ...then, kind };
}
