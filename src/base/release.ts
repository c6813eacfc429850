/**
 * The driver's release that a layout is of. nvidia-smi comes with the driver: its fields, labels and tables come and go with the
 * driver's major number, and the tables here say with which. Drivers 470, 525, 535, 550 and 580 were run, 590 to 610 captured.
 */

/** The major number of a driver's version: 580 of 580.159.04. */
export type Release = number;

/** The layout where no driver is asked. */
export const PRESENT: Release = 580;

/** In which releases something is there. */
export interface Span {
  /** The first release with it. */
  readonly since?: Release;
  /** The first release without it. */
  readonly until?: Release;
  /** Releases in between that did not have it: those from the first to before the second. */
  readonly gap?: readonly [from: Release, to: Release];
  /** Left out: both systems' nvidia-smi have it. */
  readonly on?: 'linux' | 'windows';
}

/** What was otherwise before a release. */
export type Past<T> = { readonly until: Release } & Partial<T>;

export function isIn(span: Span, release: Release, onWindows = false): boolean {
  const { since = 0, until = Number.POSITIVE_INFINITY, gap, on } = span;
  const isMissing = gap !== undefined && gap[0] <= release && release < gap[1];
  return since <= release && release < until && !isMissing && on !== (onWindows ? 'linux' : 'windows');
}

/** JSON has the present layout for all drivers, and what came later where the driver has it. */
export const isInJson = (span: Span, release: Release): boolean =>
  isIn(span, PRESENT) || ((span.since ?? 0) > PRESENT && isIn(span, release));

/** Something as it was in a release: the first of its pasts that did not end before, over what it is now. */
export function at<T extends { readonly past?: readonly Past<object>[] }>(now: T, release: Release): T {
  const then = now.past?.find(({ until }) => release < until);
  if (then === undefined) return now;
  const { until: _, ...was } = then;
  return { ...now, ...was };
}

/** The major number of a version; undefined where it begins with no number. */
export function releaseIn(version: string): Release | undefined {
  const major = /^\d{2,4}(?=\.|$)/.exec(version)?.[0];
  return major === undefined ? undefined : Number(major);
}
