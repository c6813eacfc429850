/** Sets of CPUs and NUMA nodes, which NVML gives as one bit each in 64-bit words. Here a set is one number. */
import type { Kind } from './kind.js';
import type { Value } from './reading.js';

/** The words as one number. */
export const maskOf = (words: Buffer): bigint => BigInt(`0x0${Buffer.from(words).reverse().toString('hex')}`);

/** The numbers of the bits that are set, ascending. */
export function setBits(mask: Value): readonly number[] {
  const bits: number[] = [];
  let rest = BigInt(mask);
  for (let bit = 0; rest !== 0n; bit++, rest >>= 1n) if (rest & 1n) bits.push(bit);
  return bits;
}

/** The set of some numbers. */
export const bitsOf = (numbers: readonly number[]): bigint =>
  numbers.reduce((mask, number) => mask | (1n << BigInt(number)), 0n);

/** Sets of numbers as the kernel writes them: 0, 1, 2, 3, 8 is 0-3,8. The numbers are ascending. */
export function ranges(numbers: readonly number[]): string {
  const parts: [first: number, last: number][] = [];
  for (const number of numbers) {
    const open = parts.at(-1);
    if (open !== undefined && open[1] === number - 1) open[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

const spellRanges = (mask: Value): string => ranges(setBits(mask));

/**
 * A set as ranges. Empty where there are none: NVML gives no set of nodes on a machine without nodes. All ones are a set like any
 * other: all CPUs of a machine that has 32 or 64.
 */
export const bitRanges: Kind = { spell: spellRanges, json: spellRanges, plausible: () => true };
