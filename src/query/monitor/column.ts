/** A column of the scrolling monitors: a field, what its heading says, and what the text shows of it. */
import { at, isIn, type Past, type Release, type Span } from '../../base/release.js';
import type { Missing } from '../../nvml/status.js';
import type { Field } from '../field.js';
import type { Pick } from '../reading.js';

/** What a column is called, how wide it is, and in which releases it is there. */
export interface Heading extends Span {
  readonly name: string;
  readonly unit: string;
  /** Characters of the cells, without the space after them. */
  readonly width: number;
}

/** A heading, and the field that JSON and recordings have of it. */
export interface FieldHeading extends Heading {
  readonly field: Field;
  /** What the text shows the whole part of, where that is not NVML's number. */
  readonly shown?: (value: number) => number;
}

/** NVML's number, or why there is none. */
export type MonitorCell = number | Missing;

export interface Column extends FieldHeading {
  /** The letter of `-s` that asks for it. */
  readonly group: string;
  /** Makes a pick for one GPU, which remembers its last tick. Left out: that of the field. */
  readonly sinceLastTick?: () => Pick;
  /** How a recording has the number, where that is not NVML's: in the unit of the field, so exact that the text is the same. */
  readonly recorded?: { readonly to: (value: number) => number; readonly from: (value: number) => number };
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
