/** Sets of CPUs and NUMA nodes, which NVML gives as one bit each in 64-bit words. */

/** The numbers of the bits that are set, ascending. */
export function setBits(words: Buffer): readonly number[] {
  const bits: number[] = [];
  for (const [at, byte] of words.entries()) {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) bits.push(at * 8 + bit);
  }
  return bits;
}
