/** Counters from tick to tick, for programs: one that ran backwards is no value. */
import { ALL_ONES, Missing } from '../nvml/status.js';
import type { Field } from './field.js';
import type { Reader } from './reading.js';

/**
 * The reader of a field. A counter that is lower than at the tick before is as implausible as all ones, and counts from there on:
 * a reset costs one tick, and a wrong number in between none that a rate would be made of.
 */
export function onlyGrowing({ metric }: Pick<Field, 'metric'>, read: Reader): Reader {
  if (metric?.type !== 'counter') return read;
  let last: number | bigint = 0;
  return () => {
    const reading = read();
    if (reading instanceof Missing || typeof reading === 'string') return reading;
    const ranBackwards = reading < last;
    last = reading;
    return ranBackwards ? ALL_ONES : reading;
  };
}
