/** A field as a metric: what its family is called, and how a raw reading becomes its value. */

import { type Field, fieldHelp } from '../query/field.js';
import type { BaseUnit } from '../query/kind.js';

/** What of a field makes a metric. */
export type MetricField = Pick<Field, 'names' | 'help' | 'period' | 'kind' | 'metric'>;

/** A metric family. */
export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  /** The value of a sample, from the number that was read. */
  readonly scale: (raw: number) => number;
}

/** Words of a metric's name: `dramEncryption.mode` is dram_encryption_mode. */
export const snake = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();

export const inBaseUnit =
  ({ times = 1, per = 1, flag }: Omit<BaseUnit, 'unit'>) =>
  (raw: number): number =>
    flag ? Number(raw !== 0) : (raw * times) / per;

/** Puts a word after a name, unless the name has it there. */
const ending = (name: string, word: string): string =>
  word === '' || name.endsWith(`_${word}`) ? name : `${name}_${word}`;

/** The family of a field in our own names: nvsmi, the field, its base unit, and total where it counts. */
export function familyOf(of: MetricField): Family | undefined {
  const {
    names: [field],
    kind,
    metric,
  } = of;
  const base = metric?.base ?? kind.metric;
  if (base === undefined || metric === null) return undefined;
  const type = metric?.type ?? 'gauge';
  const named = ending(snake(`nvsmi_${metric?.name ?? field}`), base.unit);
  return {
    name: type === 'counter' ? ending(named, 'total') : named,
    type,
    help: fieldHelp(of),
    scale: inBaseUnit(base),
  };
}
