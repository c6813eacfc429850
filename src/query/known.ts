/** Reads numbers that stand for words. A number without a word tells nothing, so it is absent. */
import { NVML_ERROR_UNKNOWN } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import type { Pick } from './reading.js';

/** NVML has values of its own for not knowing, such as NVML_PSTATE_UNKNOWN. They are read as absent, too. */
const UNKNOWN = Missing.of(NVML_ERROR_UNKNOWN);

/** Picks a number; those above `most` have no word. */
export const known =
  (most: number, path = 'value'): Pick =>
  (view) => {
    const reading = view.read(path);
    return reading instanceof Missing || Number(reading) <= most ? reading : UNKNOWN;
  };
