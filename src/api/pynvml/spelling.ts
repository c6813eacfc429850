/** How pynvml_utils spells a value in an object and in XML. */
import { errorText } from '../../nvml/functions/error.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../../nvml/generated/constants.js';
import { Missing } from '../../nvml/status.js';
import type { Field } from '../../query/field.js';
import type { Reading, Value } from '../../query/reading.js';

export interface Spelling {
  of(value: Value): string | number;
  /** Follows a number in XML. */
  readonly unit?: string;
  /** The number in XML, where that is not just its digits. */
  text?(value: number): string;
}

export const MEBIBYTE = 1024 * 1024;

/** A number as Python writes a float: 700.0. */
const float = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

const numberIn = (unit: string): Spelling => ({ of: Number, unit });

export const plainNumber: Spelling = { of: Number };
export const percent = numberIn('%');
export const celsius = numberIn('C');
export const megahertz = numberIn('MHz');
export const kilobytesPerSecond = numberIn('KB/s');
export const mebibytes: Spelling = { of: (bytes) => Number(bytes) / MEBIBYTE, unit: 'MiB', text: float };
export const watts: Spelling = {
  of: (milliwatts) => Number(milliwatts) / 1000,
  unit: 'W',
  text: (value) => value.toFixed(2),
};

export const lanes: Spelling = { of: (width) => `${width}x` };
export const hex = (digits: number): Spelling => ({
  of: (value) => value.toString(16).toUpperCase().padStart(digits, '0'),
});
export const flag = (no: string, yes: string): Spelling => ({
  of: (value) => (Number(value) === 0 ? no : yes),
});
export const words = (...all: readonly string[]): Spelling => ({
  of: (value) => all[Number(value)] ?? 'Unknown',
});

/** As nvidia-smi spells the field. */
export const asField = ({ kind }: Field): Spelling => ({
  of: (value) => kind.raw?.(value) ?? kind.spell(value),
});

/** What is in the place of a value that is not there: N/A, or NVML's own words. */
export const absence = (status: number): string =>
  status === NVML_ERROR_NOT_SUPPORTED ? 'N/A' : errorText(status);

export const spelled = (reading: Reading, { of }: Spelling): string | number =>
  reading instanceof Missing ? absence(reading.status) : of(reading);

export const xmlText = (value: string | number, { unit, text = String }: Spelling): string => {
  if (typeof value === 'string') return value;
  return unit === undefined ? text(value) : `${text(value)} ${unit}`;
};
