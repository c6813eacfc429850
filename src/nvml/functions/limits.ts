/** How long a call of `nvsmi/nvml/promises` is waited for. */
import { onAbort } from '../backend/on-abort.js';
import { NO_ANSWER } from '../status.js';
import { checkNames, checkObject, checkSignal, checkTimeout } from './check.js';
import { errorOf } from './raise.js';

/** Options of a call. Another process makes the call, so that a call that never returns blocks nothing. */
export interface CallOptions {
  /** Milliseconds after which the promise rejects with NVMLError_NoAnswer. */
  readonly timeout?: number | undefined;
  /** Ends the wait: the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Throws TypeError, RangeError for invalid options. */
export function checkCallOptions(fn: string, options: unknown): asserts options is CallOptions {
  checkObject(fn, options, '{ timeout, signal }');
  checkNames(fn, options, ['timeout', 'signal']);
  checkLimits(fn, options);
}

export function checkLimits(fn: string, { timeout, signal }: CallOptions): void {
  if (timeout !== undefined) checkTimeout(fn, timeout);
  checkSignal(fn, signal);
}

/** What is waited for; rejects with the reason of the signal, or NVMLError_NoAnswer, as soon as a limit is reached. */
export function within<T>(fn: string, { timeout, signal }: CallOptions, awaited: Promise<T>): Promise<T> {
  const leaving: (() => void)[] = [];
  const limit = new Promise<never>((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    if (signal !== undefined) leaving.push(onAbort(signal, () => reject(signal.reason)));
    if (timeout === undefined) return;
    // Answers that have arrived are read first.
    const timer = setTimeout(() => setImmediate(() => reject(errorOf(NO_ANSWER, fn))), timeout);
    leaving.push(() => clearTimeout(timer));
  });
  return Promise.race([awaited, limit]).finally(() => {
    for (const leave of leaving) leave();
  });
}
