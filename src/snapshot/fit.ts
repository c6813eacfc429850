/** Whether a number of a snapshot fits its C type. What does not is refused, not wrapped: zero is never absence. */
import type { ScalarType } from '../nvml/layout.js';
import type { ScalarValue } from '../nvml/memory.js';

const signed = (bits: bigint): readonly [bigint, bigint] => [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
const unsigned = (bits: bigint): readonly [bigint, bigint] => [0n, (1n << bits) - 1n];

const LIMITS: Readonly<Record<Exclude<ScalarType, 'f64'>, readonly [least: bigint, most: bigint]>> = {
  u8: unsigned(8n),
  u16: unsigned(16n),
  u32: unsigned(32n),
  i32: signed(32n),
  u64: unsigned(64n),
  i64: signed(64n),
  ptr: unsigned(64n),
};

const is64Bit = (type: ScalarType): boolean => type === 'u64' || type === 'i64' || type === 'ptr';

/** What is wrong with a number in place of a scalar, or undefined. */
export function misfit(type: ScalarType, value: ScalarValue): string | undefined {
  if (type === 'f64') return Number.isFinite(Number(value)) ? undefined : `${value} does not fit f64`;
  if (typeof value === 'number' && !Number.isInteger(value)) return `a whole number is needed, not ${value}`;
  // JSON.parse has rounded it: the number that the file holds is not known any more.
  if (is64Bit(type) && typeof value === 'number' && !Number.isSafeInteger(value)) {
    return `a number beyond 2^53 is written as a string, not as ${value}`;
  }
  const [least, most] = LIMITS[type];
  return value < least || value > most ? `${value} does not fit ${type}` : undefined;
}
