/** What a report says about the system before its GPUs. */

import { nvmlSystemGetCudaDriverVersion_v2 } from '../../nvml/generated/entries.js';
import { asctime, type Kind, timestamp } from '../kind.js';
import { fixed } from '../probe.js';
import { type ReportField, reading } from './field.js';

/** Milliseconds since the epoch. */
const moment: Kind = {
  spell: (milliseconds) => asctime(new Date(Number(milliseconds))),
  json: timestamp.json,
};

/** 13000 → 13.0 */
const version: Kind = {
  spell: (value) => `${Math.floor(Number(value) / 1000)}.${Math.floor((Number(value) % 1000) / 10)}`,
  json: (value) => version.spell(value),
};

const cuda = fixed(nvmlSystemGetCudaDriverVersion_v2);

export const time: ReportField = { kind: moment, source: { own: 'timestamp' } };
export const cudaVersion: ReportField = reading(version, cuda);

/** A value with the words that driver 610 prints after one which will be removed. */
export const deprecated = ({ kind, source }: ReportField, instead: string): ReportField => ({
  kind: {
    ...kind,
    spell: (value) =>
      `${kind.spell(value)} [Deprecated; will be removed in CUDA 14.0. Use ${instead} instead]`,
  },
  source,
});
