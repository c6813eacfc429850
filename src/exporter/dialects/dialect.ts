/** A dialect: the names, labels and units in which one of the exporters that dashboards know says what was collected. */
import type { Family } from '../field.js';
import type { CollectedRecords, Labels } from '../observed.js';

export interface Point {
  readonly labels: Labels;
  readonly value: number;
}

/** The points of each family that has any. */
export type Points = Map<Family, Point[]>;

export interface Dialect {
  readonly name: string;
  fold(collected: CollectedRecords): Points;
}

export function add(points: Points, family: Family, labels: Labels, value: number): void {
  const known = points.get(family);
  if (known === undefined) points.set(family, [{ labels, value }]);
  else known.push({ labels, value });
}

/** A family of constants: who something is, in its labels. */
export const infoFamily = (name: string, help: string): Family => ({
  name,
  type: 'gauge',
  help,
  scale: (raw) => raw,
});

/** Some labels of a record under other names; those that are not known are left out. */
export const renamed = (labels: Labels, names: Readonly<Record<string, string>>): Labels =>
  Object.fromEntries(
    Object.entries(names).flatMap(([to, from]) => {
      const text = labels[from];
      return text === undefined ? [] : [[to, text]];
    }),
  );
