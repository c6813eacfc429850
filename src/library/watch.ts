/** Samples at a steady pace, until told to stop. */

export interface WatchOptions {
  /**
   * Milliseconds from one sample to the next, against the clock: a slow sample does not shift the others. Above 0;
   * with Infinity there is one sample, and then only the signal.
   */
  readonly everyMs: number;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

/**
 * The period of a watch, where it is one.
 *
 * @throws TypeError, RangeError
 */
export function checkPeriod(everyMs: unknown): asserts everyMs is number {
  const what = `everyMs must be a number of milliseconds above 0, not ${String(everyMs)}`;
  if (typeof everyMs !== 'number') throw new TypeError(what);
  if (!(everyMs > 0)) throw new RangeError(what);
}

/**
 * Yields what `take` gives at each tick, the first one at once. A tick that was missed is left out. Ends with the
 * signal, or when what is asked is closed, also in the middle of a sample.
 */
export async function* ticks<T>(
  take: () => T | Promise<T>,
  { everyMs, signal }: WatchOptions,
  closed: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const signals = signal === undefined ? [closed] : [closed, signal];
  let due = performance.now();
  while (!signals.some(isAborted)) {
    let taken: T;
    try {
      taken = await take();
    } catch (error) {
      if (closed.aborted) return;
      throw error;
    }
    yield taken;
    due += everyMs;
    const late = performance.now() - due;
    if (late > 0) due += Math.floor(late / everyMs) * everyMs;
    await pause(Math.max(0, due - performance.now()), signals);
  }
}

const isAborted = ({ aborted }: AbortSignal): boolean => aborted;

/** setTimeout takes no longer time; it makes it 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** Waits, or less where a signal ends. */
function pause(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    const wait = (left: number): void => {
      timer =
        left > LONGEST_MS ? setTimeout(() => wait(left - LONGEST_MS), LONGEST_MS) : setTimeout(end, left);
    };
    if (signals.some(isAborted)) return resolve();
    for (const signal of signals) signal.addEventListener('abort', end, { once: true });
    wait(ms);
  });
}
