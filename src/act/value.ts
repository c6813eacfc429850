/** Values of options that change a GPU, read as nvidia-smi reads them (550.163.01). */

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

/** A number as C's strtol reads it: decimal, octal or hexadecimal. Undefined for what is none, or has more after it. */
export function wholeNumber(text: string): number | undefined {
  const word = Object.hasOwn(WORDS, text) ? WORDS[text] : undefined;
  if (word !== undefined) return word;
  const parts = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text);
  if (parts === null) return undefined;
  const digits = parts[2] as string;
  const octal = /^0[0-7]/.test(digits);
  const size = octal ? Number.parseInt(digits, 8) : Number(digits);
  const value = parts[1] === '-' ? -size : size;
  return Math.abs(value) > GREATEST ? undefined : value;
}

/** Watts as C's strtod reads them: what follows the number does not count. Undefined where there is none. */
export function watts(text: string): number | undefined {
  if (text === '') return 0;
  const hexadecimal = /^\s*[+-]?0x[0-9a-f]+/i.exec(text)?.[0];
  if (hexadecimal !== undefined) return Number(hexadecimal.trim());
  const decimal = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i.exec(text)?.[0];
  if (decimal !== undefined) return Number(decimal);
  if (/^\s*\+?inf/i.test(text)) return Number.POSITIVE_INFINITY;
  return undefined;
}

/** How C prints a number of watts. */
export const wattText = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : 'inf');

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
