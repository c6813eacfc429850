/** A named value of a record that is no field of a --query-* table: what was read, and how it is spelled. */
import { ALL_ONES, Missing, statusReason, statusWords } from '../nvml/status.js';
import { IMPLAUSIBLE, isPlausible, type JsonScalar, type Kind } from './kind.js';
import type { Reading } from './reading.js';

export interface Cell {
  readonly kind: Kind;
  readonly reading: Reading;
}

/** Cells by their JSON names. */
export type Cells<Name extends string = string> = Readonly<Record<Name, Cell>>;

export const cell = (kind: Kind, reading: Reading): Cell => ({ kind, reading });

/** The value without a unit, or the words of its status: N/A where the GPU has none. */
export const cellText = ({ kind, reading }: Cell): string =>
  reading instanceof Missing ? statusWords(reading.status) : kind.spell(reading);

/** The same, followed by the unit. */
export function cellWithUnit(what: Cell): string {
  const text = cellText(what);
  const { unit } = what.kind;
  return unit === undefined || what.reading instanceof Missing ? text : `${text} ${unit}`;
}

/** Grows when a name or a shape in JSON changes. */
export const SCHEMA_VERSION = 1;

/** A value of JSON; where it is null, why. */
export interface JsonReading {
  readonly value: JsonScalar;
  readonly reason?: string;
}

/** A reading as JSON: null with the reason where there is no value, or none that can be true. */
export function jsonReading(kind: Kind, reading: Reading): JsonReading {
  if (reading === ALL_ONES) return { value: null, reason: IMPLAUSIBLE };
  if (reading instanceof Missing) return { value: null, reason: statusReason(reading.status) };
  if (!isPlausible(kind, reading)) return { value: null, reason: IMPLAUSIBLE };
  return { value: kind.json(reading) };
}
