/** Values of options that change a GPU, read as nvidia-smi reads them (550.163.01). */
import { cInteger } from '../base/c-integer.js';

/** The words for numbers, of whatever option: `-p ENABLED` is `-p 1`, and `-pm TCC` too. */
const WORDS: Readonly<Record<string, number>> = {
  DISABLED: 0,
  ENABLED: 1,
  DEFAULT: 0,
  EXCLUSIVE_THREAD: 1,
  PROHIBITED: 2,
  EXCLUSIVE_PROCESS: 3,
  VOLATILE: 0,
  AGGREGATE: 1,
  WDDM: 0,
  TCC: 1,
  ALL_ON: 0,
  COMPUTE: 1,
  LOW_DP: 2,
  UNRESTRICTED: 0,
  RESTRICTED: 1,
  RESTORE_DEFAULT: 0,
  OVERRIDE: 1,
  GREEN: 0,
  AMBER: 1,
};

const GREATEST = 2 ** 31 - 1;

/** A number of 32 bits, or the word for it. Undefined for what is none. */
export function wholeNumber(text: string): number | undefined {
  const value = Object.hasOwn(WORDS, text) ? WORDS[text] : cInteger(text);
  return value === undefined || Math.abs(value) > GREATEST ? undefined : value;
}

const HEXADECIMAL = /^\s*([+-]?)(0x[0-9a-f]+)/i;
const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i;
const INFINITE = /^\s*([+-]?)inf/i;

/** Watts as C's strtod reads them: what follows the number does not count. Undefined where there is none. */
export function watts(text: string): number | undefined {
  if (text === '') return 0;
  const [, sign, hexadecimal] = HEXADECIMAL.exec(text) ?? [];
  if (hexadecimal !== undefined) return sign === '-' ? -Number(hexadecimal) : Number(hexadecimal);
  const [decimal] = DECIMAL.exec(text) ?? [];
  if (decimal !== undefined) return Number(decimal);
  const infinite = INFINITE.exec(text);
  if (infinite === null) return undefined;
  return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Watts are kept with 24 bits: 700.001 is 700.00098, and within a range that ends at 700. */
export const milliwatts = (value: number): number => Math.trunc(Math.fround(value) * 1000);

/** How C prints such a number. */
export const wattText = (value: number): string =>
  Number.isFinite(value) ? Math.fround(value).toFixed(2) : 'inf';

const CLOCK = /^\s*[+-]?\d+$/;

/** A number as C's atoi leaves it in 32 bits: -5 is 4294967291. */
const clock = (text: string): number => Number(BigInt.asUintN(32, BigInt(text.trim().replace(/^\+/, ''))));

/** One or two clocks: `1000` or `1000,1200`. */
export function clockRange(text: string): readonly [number, number] | undefined {
  const parts = text.split(',');
  if (parts.length > 2 || parts.some((part) => !CLOCK.test(part))) return undefined;
  const [low, high] = parts.map(clock);
  return low === undefined ? undefined : [low, high ?? low];
}

/** Two clocks: `3201,1980`. */
export const clockPair = (text: string): readonly [number, number] | undefined =>
  text.includes(',') ? clockRange(text) : undefined;
