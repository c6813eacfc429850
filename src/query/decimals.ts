/** Decimals as C's printf writes them: the exact value, rounded, a tie to the even digit. */

/** Enough digits for the exact value of any number that NVML's integers are divided into. */
const EXACT = 60;

/** `%.2f` of 19.625 is 19.62, where toFixed says 19.63 (memory of MIG 2g.20gb on the H100, 580.159.04). */
export function likePrintf(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  const behind = value.toFixed(EXACT).split('.')[1]?.slice(digits) ?? '';
  if (!/^50*$/.test(behind) || Number(rounded.at(-1)) % 2 === 0) return rounded;
  const step = 10 ** -digits * Math.sign(value);
  return (Number(rounded) - step).toFixed(digits);
}
