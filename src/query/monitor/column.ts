/** A column of the scrolling monitors: one row of a table says what it is called and what it reads. */
import { at, isIn, type Past, type Release, type Span } from '../../base/release.js';
import type { Missing } from '../../nvml/status.js';
import type { Probe } from '../probe.js';
import type { Pick } from '../reading.js';

/** What a column is called, how wide it is, and in which releases it is there. */
export interface Heading extends Span {
  readonly name: string;
  readonly unit: string;
  /** Characters of the cells, the space behind them left out. */
  readonly width: number;
}

/** A cell's value in the column's unit, or why there is none. */
export type MonitorCell = number | Missing;

export interface Column extends Heading {
  /** The letter of `-s` that asks for it. */
  readonly group: string;
  readonly probe: Probe;
  /** How to find the value. `sinceLastTick` makes a pick for one GPU, which remembers its last tick. */
  readonly pick: Pick | { readonly sinceLastTick: () => Pick };
  /** Turns NVML's number into the column's unit. The text shows its whole part. */
  readonly scale?: (value: number) => number;
  /** What the value is, for the help and the schema. */
  readonly help: string;
  /** What it read before. */
  readonly past?: readonly Past<Column>[];
}

export const WIDTH = 6;

/** The columns of a release, as it has them. */
export const columnsIn = <T extends Span & { readonly past?: readonly Past<object>[] }>(
  table: readonly T[],
  release: Release,
): readonly T[] => table.filter((column) => isIn(column, release)).map((column) => at(column, release));

/** The columns of the groups, in the order of their letters; a repeated letter counts once. */
export function columnsOf<T extends { readonly group: string }>(
  table: readonly T[],
  letters: string,
): readonly T[] {
  return [...new Set(letters)].flatMap((letter) => table.filter(({ group }) => group === letter));
}
