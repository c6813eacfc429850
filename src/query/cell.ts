/** A named value of a record that is no field of a --query-* table: what was read, and how it is spelled. */
import { Missing, statusWords } from '../nvml/status.js';
import type { Kind } from './kind.js';
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

/** The same with the unit behind it. */
export function cellWithUnit(what: Cell): string {
  const text = cellText(what);
  const { unit } = what.kind;
  return unit === undefined || what.reading instanceof Missing ? text : `${text} ${unit}`;
}
