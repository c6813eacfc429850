/** Samples at a steady pace, until told to stop. */

export interface WatchOptions {
  /** Milliseconds from one sample to the next, against the clock: a slow sample does not shift the others. */
  readonly everyMs: number;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

/** Yields what `take` gives at each tick, the first one at once. A tick that was missed is left out. */
export async function* ticks<T>(
  take: () => T | Promise<T>,
  { everyMs, signal }: WatchOptions,
): AsyncGenerator<T, void, undefined> {
  if (!(everyMs > 0)) throw new RangeError(`everyMs must be above 0, not ${everyMs}`);
  let due = performance.now();
  while (signal?.aborted !== true) {
    yield await take();
    due += everyMs;
    const late = performance.now() - due;
    if (late > 0) due += Math.floor(late / everyMs) * everyMs;
    await pause(Math.max(0, due - performance.now()), signal);
  }
}

/** Waits, or less where the signal ends. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}
