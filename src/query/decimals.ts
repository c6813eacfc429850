/** Decimals as C's printf writes them: the exact value, rounded, a tie to the even digit. */

/** `%g`: six significant digits without trailing zeros, and an exponent of two digits from a million on. */
export function sixDigits(value: number): string {
  const rounded = Number(value.toPrecision(6));
  if (Math.abs(rounded) < 1e6) return String(rounded);
  const [digits, exponent = ''] = value.toExponential(5).split('e+');
  return `${Number(digits)}e+${exponent.padStart(2, '0')}`;
}

/** Enough digits for the exact value of any number that NVML's integers are divided into. */
const EXACT = 60;

/** Far more than the error of one multiplication of any number that is printed so. */
const NEAR_A_TIE = 1e-4;

/** `%.2f` of 19.625 is 19.62, where toFixed says 19.63 (memory of MIG 2g.20gb on the H100, 580.159.04). */
export function likePrintf(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  // Only near a tie is the exact value needed: sixty digits of it take longer than all else of a loop's sample.
  if (Math.abs(Math.abs((value * 10 ** digits) % 1) - 0.5) > NEAR_A_TIE) return rounded;
  const rest = value.toFixed(EXACT).split('.')[1]?.slice(digits) ?? '';
  if (!/^50*$/.test(rest) || Number(rounded.at(-1)) % 2 === 0) return rounded;
  const step = 10 ** -digits * Math.sign(value);
  return (Number(rounded) - step).toFixed(digits);
}
