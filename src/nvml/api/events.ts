/** Events of GPUs as an async iterator. */
import {
  nvmlDeviceGetSupportedEventTypes,
  nvmlDeviceRegisterEvents,
  nvmlEventSetCreate,
  nvmlEventSetFree,
} from '../generated/api.js';
import { nvmlEventSetWait } from '../generated/api-promises.js';
import type { nvmlDevice_t, nvmlEventData_t } from '../generated/api-types.js';
import { NVMLError_Timeout } from '../generated/errors.js';

export interface EventOptions {
  /** Which events: nvmlEventType* joined by `|`. Default: all that each GPU supports. */
  readonly types?: number | bigint;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  /** How long one wait inside NVML lasts at most, in milliseconds: so long an end may take to be noticed there. */
  readonly sliceMs?: number;
}

/**
 * Waits for events of GPUs (XID errors, ECC errors, clock and P-state changes) without holding up the program:
 * the waits run on a worker thread.
 *
 *     for await (const event of nvmlEvents([device], { types: nvmlEventTypeXidCriticalError, signal })) { … }
 *
 * The iteration ends when the signal does, or with `break`; either way the event set is freed.
 *
 * @throws NVMLError_NotSupported where a GPU has no events of these types.
 */
export async function* nvmlEvents(
  devices: readonly nvmlDevice_t[],
  options: EventOptions = {},
): AsyncGenerator<nvmlEventData_t, void, undefined> {
  const { signal, sliceMs = 200, types } = options;
  if (isAborted(signal)) return;
  const set = nvmlEventSetCreate();
  let pending: Promise<nvmlEventData_t> | undefined;
  try {
    for (const device of devices) {
      nvmlDeviceRegisterEvents(device, types ?? nvmlDeviceGetSupportedEventTypes(device), set);
    }
    const aborted = abortOf(signal);
    while (!isAborted(signal)) {
      pending = nvmlEventSetWait(set, sliceMs);
      const event = await Promise.race([pending.catch(onTimeout), aborted]);
      if (isAborted(signal)) return;
      pending = undefined;
      if (event !== undefined) yield event;
    }
  } finally {
    // The set must not go away under a wait.
    await pending?.catch(() => undefined);
    nvmlEventSetFree(set);
  }
}

function onTimeout(error: unknown): undefined {
  if (error instanceof NVMLError_Timeout) return undefined;
  throw error;
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

/** Settles when the signal ends; never without one. */
const abortOf = (signal: AbortSignal | undefined): Promise<undefined> =>
  new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve(undefined), { once: true });
  });
