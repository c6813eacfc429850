/** A value of a report as text and XML print it: with its unit, or the words for why there is none. */
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing, statusWords } from '../nvml/status.js';
import type { Kind } from '../query/kind.js';
import type { Reading } from '../query/reading.js';

export function reportValue(kind: Kind, reading: Reading, spell = kind.spell): string {
  if (reading instanceof Missing) {
    return (
      (reading.status === NVML_ERROR_NOT_SUPPORTED ? kind.absent : undefined) ?? statusWords(reading.status)
    );
  }
  return kind.unit === undefined ? spell(reading) : `${spell(reading)} ${kind.unit}`;
}
