/** Periodic samples, until a signal stops them. */
import { checkSignal, shown } from '../nvml/functions/check.js';
import { Ending, endedBy } from '../nvml/functions/ending.js';

export interface WatchOptions {
  /**
   * Interval in milliseconds, against the clock: a slow sample does not delay the later ones. Above 0;
   * with Infinity there is one sample, and the iteration then waits for the signal.
   */
  readonly everyMs: number;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
}

/** The names of {@link WatchOptions}. */
export const WATCH_OPTIONS = ['everyMs', 'signal'] as const;

/** Throws TypeError, RangeError for an invalid period or signal. */
export function checkWatch(fn: string, { everyMs, signal }: WatchOptions): void {
  checkPeriod(fn, everyMs);
  checkSignal(fn, signal);
}

/**
 * The period of a watch, where it is one.
 *
 * @throws TypeError, RangeError
 */
export function checkPeriod(fn: string, everyMs: unknown): asserts everyMs is number {
  const what = `${fn}: everyMs must be a number of milliseconds above 0, not ${shown(everyMs)}`;
  if (typeof everyMs !== 'number') throw new TypeError(what);
  if (!(everyMs > 0)) throw new RangeError(what);
}

/**
 * Yields what `take` gives at each tick, the first one at once. A tick that was missed is left out. Ends with the
 * signal, or when what is asked is closed, also in the middle of a sample; return() ends it in the middle of a pause.
 */
export function ticks<T>(
  take: () => T | Promise<T>,
  { everyMs, signal }: WatchOptions,
  closed: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const ending = new Ending(signal === undefined ? [closed] : [closed, signal]);
  return endedBy(taken(take, everyMs, closed, ending), ending);
}

async function* taken<T>(
  take: () => T | Promise<T>,
  everyMs: number,
  closed: AbortSignal,
  ending: Ending,
): AsyncGenerator<T, void, undefined> {
  let due = performance.now();
  while (!ending.isOver) {
    let one: T;
    try {
      one = await take();
    } catch (error) {
      if (closed.aborted) return;
      throw error;
    }
    yield one;
    due += everyMs;
    const late = performance.now() - due;
    if (late > 0) due += Math.floor(late / everyMs) * everyMs;
    await ending.pause(Math.max(0, due - performance.now()));
  }
}
