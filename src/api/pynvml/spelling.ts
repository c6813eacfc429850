/** How pynvml_utils spells a value of a result: as a number with a unit, or in words. */
import { errorText } from '../../nvml/functions/error.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../../nvml/generated/constants.js';
import { Missing } from '../../nvml/status.js';
import type { Kind } from '../../query/kind.js';
import type { Reading, Value } from '../../query/reading.js';

export interface Spelling {
  of(value: Value): string | number;
  readonly unit?: string | undefined;
}

/** A spelling, made from the kind of the field. */
export type Spell = (kind: Kind) => Spelling;

export const MEBIBYTE = 1024 * 1024;

/** As nvidia-smi spells the field. */
export const asField: Spell = ({ raw, spell }) => ({ of: (value) => raw?.(value) ?? spell(value) });
/** Without the 0x. */
export const hexDigits: Spell = ({ spell }) => ({ of: (value) => spell(value).slice(2) });
export const number: Spell = ({ unit }) => ({ of: Number, unit });
export const plainNumber: Spell = () => ({ of: Number });
/** Units of the result that hold so many of NVML's. */
const divided =
  (by: number): Spell =>
  ({ unit }) => ({ of: (value) => Number(value) / by, unit });
export const mebibytes = divided(MEBIBYTE);
export const watts = divided(1000);
export const lanes: Spell = () => ({ of: (width) => `${width}x` });
export const words =
  (...all: readonly string[]): Spell =>
  () => ({ of: (value) => all[Number(value)] ?? 'Unknown' });
export const flag =
  (no: string, yes: string): Spell =>
  () => ({ of: (value) => (Number(value) === 0 ? no : yes) });

/** The text of a value that is not there: N/A, or NVML's own words. */
export const absence = ({ status }: Missing): string =>
  status === NVML_ERROR_NOT_SUPPORTED ? 'N/A' : errorText(status);

export const spelled = (reading: Reading, { of }: Spelling): string | number =>
  reading instanceof Missing ? absence(reading) : of(reading);
