/** The period of a loop, as the command line gives it. */
import { UsageError } from './errors.js';

/** A number as people write it, or NaN: not `0x5`, `1e0` or nothing, which Number() takes. */
export const decimal = (text: string): number =>
  /^\s*-?(\d+\.?\d*|\.\d+)\s*$/.test(text) ? Number(text) : Number.NaN;

/** The options of a loop, as they were given. */
export interface LoopOptions {
  readonly loop?: string;
  readonly 'loop-ms'?: string;
}

/** The period of a loop in milliseconds, or undefined for one run. `-l` alone is 5 s, `-lms` alone 100 ms (470 and 550 on the fake). */
export function loopPeriod({ loop: seconds, 'loop-ms': milliseconds }: LoopOptions): number | undefined {
  const text = milliseconds ?? seconds;
  if (text === undefined) return undefined;
  const [usual, unit] = milliseconds === undefined ? [5000, 1000] : [100, 1];
  const period = text === '' ? usual : decimal(text) * unit;
  if (!(period > 0 && period < Number.POSITIVE_INFINITY)) {
    throw new UsageError(
      'Provided [-l(ms) | --loop(-ms)=] value is incorrect. Loop frequency must be greater than 0.\n',
    );
  }
  return period;
}
