/** Options whose value is a number. */
import type { Token } from '../argv.js';
import { UsageError } from '../errors.js';
import { plainly } from '../plain-text.js';

/** The last value of an option as a number, or undefined; refused as `topo -c abc` is (H200, 580.159.04). */
export function wholeNumber(tokens: readonly Token[], long: string): number | undefined {
  const token = tokens.findLast(({ spec }) => spec.long === long);
  if (token?.value === undefined) return undefined;
  if (!/^\d+$/.test(token.value)) {
    throw new UsageError(
      plainly`Option "${token.value}" is invalid for "${token.written.split('=', 1)[0]}".`,
    );
  }
  return Number(token.value);
}
