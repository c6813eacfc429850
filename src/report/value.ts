/** A value of a report as text and XML print it: with its unit, or the words for why there is none. */
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing, statusWords } from '../nvml/status.js';
import type { Kind } from '../query/kind.js';
import type { Reading } from '../query/reading.js';

export function textValue(kind: Kind, reading: Reading): string {
  const isAbsent = reading instanceof Missing && reading.status === NVML_ERROR_NOT_SUPPORTED;
  return (isAbsent ? kind.absent : undefined) ?? spelled(kind, reading, kind.spell);
}

export const xmlValue = (kind: Kind, reading: Reading): string =>
  spelled(kind, reading, kind.raw ?? kind.spell);

function spelled(kind: Kind, reading: Reading, spell: Kind['spell']): string {
  if (reading instanceof Missing) return statusWords(reading.status);
  return kind.unit === undefined ? spell(reading) : `${spell(reading)} ${kind.unit}`;
}
