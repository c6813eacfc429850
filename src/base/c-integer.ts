/** Numbers as C's strtol reads them, as nvidia-smi does (550.163.01). */

const INTEGER = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i;

/** Decimal, octal or hexadecimal, after blanks. Undefined for what is none, has more after it, or is past 2 to the 53. */
export function cInteger(text: string): number | undefined {
  const [, sign, digits] = INTEGER.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const isOctal = /^0[0-7]/.test(digits);
  const size = isOctal ? Number.parseInt(digits, 8) : Number(digits);
  if (!Number.isSafeInteger(size)) return undefined;
  return sign === '-' ? -size : size;
}
