/** Verdicts about how fast a counter grows. A rate says over which time it is; a counter that ran backwards has none. */
import { type Judged, ok, unknown, warn } from '../base/verdict.js';
import type { Growth } from './check.js';

/** A time as people say it. */
export function span(hours: number): string {
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  if (hours >= 1) return `${Math.round(hours * 10) / 10} h`;
  return hours * 60 >= 1 ? `${Math.round(hours * 60)} min` : `${Math.round(hours * 3600)} s`;
}

const BACKWARDS =
  'The GPU was reset or the driver reloaded since the last run; the next run has a rate again.';

export const backwards = (what: string): Judged =>
  unknown(`The counter of ${what} has decreased since the last run.`, BACKWARDS);

const number = (value: number): string => String(Math.round(value * 100) / 100);

/** A verdict about a rate. Over less than an hour the growth itself is compared: two errors in a minute are not 120 an hour. */
export function perHour(
  what: string,
  { by, hours }: Growth,
  most: number,
  { action, judge = warn }: { readonly action: string; readonly judge?: typeof warn },
): Judged {
  if (by < 0) return backwards(what);
  const over = span(hours);
  const text = `${number(by)} ${what} in the last ${over}`;
  return by / Math.max(hours, 1) > most
    ? judge(`${text}, more than ${most} an hour.`, action)
    : ok(`${text}.`);
}

/** How much counters grew together, as the end of a sentence; empty where that is not known. */
export function grownText(growths: readonly (Growth | undefined)[]): string {
  const known = growths.filter((growth) => growth !== undefined);
  const [first] = known;
  if (first === undefined || known.some(({ by }) => by < 0)) return '';
  return `, ${number(known.reduce((sum, { by }) => sum + by, 0))} of them in the last ${span(first.hours)}`;
}
