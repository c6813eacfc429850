/** One listener of a signal for any number of callbacks. */

/** The callbacks for the end of a signal, and the one listener that calls them all. */
interface AbortCallbacks {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const known = new WeakMap<AbortSignal, AbortCallbacks>();

/**
 * Calls back when a signal ends, and returns what takes that back. A signal has one listener for any number of callbacks:
 * of more than ten Node would warn.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let one = known.get(signal);
  if (one === undefined) {
    const callbacks = new Set<() => void>();
    const listener = (): void => {
      for (const each of [...callbacks]) each();
    };
    one = { callbacks, listener };
    known.set(signal, one);
    signal.addEventListener('abort', listener);
  }
  const { callbacks, listener } = one;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || known.get(signal)?.callbacks !== callbacks) return;
    known.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}
