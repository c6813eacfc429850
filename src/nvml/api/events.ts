/** Events of GPUs as an async iterator. */
import {
  nvmlDeviceGetSupportedEventTypes,
  nvmlDeviceRegisterEvents,
  nvmlEventSetCreate,
  nvmlEventSetFree,
} from '../generated/api.js';
import { nvmlEventSetWait } from '../generated/api-promises.js';
import type { nvmlDevice_t, nvmlEventData_t } from '../generated/api-types.js';
import { NVMLError_Timeout, NVMLError_Uninitialized } from '../generated/errors.js';
import { check, checkNames, checkObject, checkSignal, refuse, wrong } from './check.js';
import { Ending, endedBy } from './ending.js';

export interface EventOptions {
  /** Which events: nvmlEventType* joined by `|`. Default: all that each GPU supports. */
  readonly types?: number | bigint | undefined;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that one wait inside NVML lasts at most, and so the end of an iteration. Default: 200. */
  readonly sliceMs?: number | undefined;
}

/**
 * Waits for events of GPUs (XID errors, ECC errors, clock and P-state changes) without holding up the program:
 * the waits run on a worker thread.
 *
 *     for await (const event of nvmlEvents([device], { types: nvmlEventTypeXidCriticalError, signal })) { … }
 *
 * The iteration ends when the signal does, with `break`, or with `return()`, also in the middle of a wait; the event set
 * is freed after the wait in hand.
 *
 * @throws TypeError, RangeError at once, for devices or options that are invalid.
 * @throws NVMLError_NotSupported where a GPU has no events of these types.
 * @throws what NVML says once it is closed meanwhile.
 */
export function nvmlEvents(
  devices: readonly nvmlDevice_t[],
  options: EventOptions = {},
): AsyncGenerator<nvmlEventData_t, void, undefined> {
  checkDevices(devices);
  checkOptions(options);
  const ending = new Ending(options.signal === undefined ? [] : [options.signal]);
  return endedBy(events([...devices], options, ending), ending);
}

async function* events(
  devices: readonly nvmlDevice_t[],
  { types, sliceMs = 200 }: EventOptions,
  ending: Ending,
): AsyncGenerator<nvmlEventData_t, void, undefined> {
  if (ending.isOver) return;
  const set = nvmlEventSetCreate();
  let pending: Promise<nvmlEventData_t | undefined> | undefined;
  let isFailed = false;
  try {
    for (const device of devices) {
      nvmlDeviceRegisterEvents(device, types ?? nvmlDeviceGetSupportedEventTypes(device), set);
    }
    while (!ending.isOver) {
      pending = nvmlEventSetWait(set, sliceMs).catch(onTimeout);
      const event = await ending.until(pending);
      if (ending.isOver) break;
      pending = undefined;
      if (event !== undefined) yield event;
    }
  } catch (error) {
    isFailed = true;
    throw error;
  } finally {
    // The set must not go away under a wait.
    await pending?.catch(() => undefined);
    free(set, isFailed);
  }
}

type EventSet = Parameters<typeof nvmlEventSetFree>[0];

/** A closed NVML has no sets any more; and what went wrong before is told, not what came of it. */
function free(set: EventSet, isFailed: boolean): void {
  try {
    nvmlEventSetFree(set);
  } catch (error) {
    if (!isFailed && !(error instanceof NVMLError_Uninitialized)) throw error;
  }
}

function onTimeout(error: unknown): undefined {
  if (error instanceof NVMLError_Timeout) return undefined;
  throw error;
}

const FN = 'nvmlEvents';

function checkDevices(devices: unknown): void {
  if (!Array.isArray(devices)) refuse(FN, 'devices', wrong('an array of handles', devices));
  devices.forEach((device, i) => {
    const fault = check.handle(device);
    if (fault !== undefined) refuse(FN, `devices[${i}]`, fault);
  });
}

function checkOptions(options: EventOptions): void {
  checkObject(FN, options, '{ types, signal, sliceMs }');
  checkNames(FN, options, ['types', 'signal', 'sliceMs']);
  checkSignal(FN, options.signal);
  const numbers = { types: check.scalar('u64'), sliceMs: check.scalar('u32') };
  for (const [name, test] of Object.entries(numbers)) {
    const given = options[name as keyof typeof numbers];
    const fault = given === undefined ? undefined : test(given);
    if (fault !== undefined) refuse(FN, name, fault);
  }
}
