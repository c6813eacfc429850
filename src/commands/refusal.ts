/** A refusal of a command about GPUs, some of which may be lost. */
import { UsageError } from '../errors.js';
import type { Gpu } from '../nvml/session.js';
import { lostLines, statusOf } from './lost.js';

/** Why there is no answer, and then the GPUs that are lost: their status goes before the other. */
export const refusal = (reason: string, status: number, gpus: readonly Gpu[]): UsageError =>
  new UsageError(`${reason}\n${lostLines(gpus)}`, statusOf(gpus) || status, undefined, '');
