/** A number that stands for a word, where the word is known. Any other number tells nothing: it is absent. */
import { NVML_ERROR_UNKNOWN } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import type { Pick } from './asked.js';

/** NVML's own word for not knowing, such as NVML_PSTATE_UNKNOWN, is as little a state as a number it does not have. */
const UNKNOWN = Missing.of(NVML_ERROR_UNKNOWN);

/** Reads a number from 0 up to `most`, in steps of one. */
export const known =
  (most: number, path = 'value'): Pick =>
  (view) => {
    const reading = view.read(path);
    return reading instanceof Missing || Number(reading) <= most ? reading : UNKNOWN;
  };
