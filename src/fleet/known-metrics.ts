/** Which field a metric of any of the three dialects holds, and how its raw reading is made of the value. */

import { dcgmFamilies } from '../exporter/dialects/dcgm.js';
import { nvidiaSmiFamilies } from '../exporter/dialects/nvidia-smi.js';
import { families as nvsmiFamilies } from '../exporter/dialects/nvsmi.js';
import type { Family } from '../exporter/field.js';

export type DialectName = 'nvsmi' | 'nvidia_smi' | 'dcgm';

export interface KnownMetric {
  readonly dialect: DialectName;
  readonly name: string;
  readonly field: string;
  /** The raw reading: a whole number, as NVML has them. */
  readonly raw: (value: number) => number;
}

const LARGE = 2 ** 40;

/** The inverse of a family's scale, which multiplies, or turns what is not 0 into 1. */
function inverse({ scale }: Family): KnownMetric['raw'] {
  const factor = scale(1) === 1 && scale(2) === 1 ? 1 : scale(LARGE) / LARGE;
  return (value) => Math.round(value / factor);
}

const known = (dialect: DialectName, families: ReadonlyMap<string, Family>): readonly KnownMetric[] =>
  [...families].map(([field, family]) => ({ dialect, name: family.name, field, raw: inverse(family) }));

/** In the order in which one is preferred to another that says the same. */
export const knownMetrics: readonly KnownMetric[] = [
  ...known('nvsmi', nvsmiFamilies),
  ...known('nvidia_smi', nvidiaSmiFamilies),
  ...known('dcgm', dcgmFamilies),
];
