/** Events of GPUs as an async iterator. */
import {
  nvmlDeviceGetSupportedEventTypes,
  nvmlDeviceRegisterEvents,
  nvmlEventSetCreate,
  nvmlEventSetFree,
  nvmlEventSetWait,
} from '../generated/api.js';
import type { nvmlDevice_t, nvmlEventData_t } from '../generated/api-types.js';
import { NVML_ERROR_UNINITIALIZED } from '../generated/constants.js';
import { NVMLError_Timeout, NVMLError_Uninitialized } from '../generated/errors.js';
import { check, checkNames, checkObject, checkSignal, refuse, wrong } from './check.js';
import { Ending, endedBy } from './ending.js';
import { errorOf } from './raise.js';
import { shared } from './shared.js';

export interface EventOptions {
  /** Which events: nvmlEventType* joined by `|`. Default: all that each GPU supports. */
  readonly types?: number | bigint | undefined;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
  /** Interval of the polls in milliseconds, the maximum delay of an event. Default: 50. */
  readonly everyMs?: number | undefined;
}

/**
 * Waits for events of GPUs (XID errors, ECC errors, clock and P-state changes) without blocking the program or its
 * worker threads: it polls for events, which takes 2 to 40 us (H200).
 *
 *     for await (const event of nvmlEvents([device], { types: nvmlEventTypeXidCriticalError, signal })) { … }
 *
 * The iteration ends when the signal aborts, with `break`, or with `return()`, also while it waits; its event set is then freed.
 *
 * @throws TypeError, RangeError immediately, for invalid devices or options.
 * @throws NVMLError_NotSupported if a GPU has no events of these types.
 * @throws NVMLError_Uninitialized if NVML is shut down meanwhile.
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
  { types, everyMs = 50 }: EventOptions,
  ending: Ending,
): AsyncGenerator<nvmlEventData_t, void, undefined> {
  if (ending.isOver) return;
  const set = nvmlEventSetCreate();
  const { life } = shared;
  let isFailed = false;
  try {
    for (const device of devices) {
      nvmlDeviceRegisterEvents(device, types ?? nvmlDeviceGetSupportedEventTypes(device), set);
    }
    while (!ending.isOver) {
      // An opening after a shutdown knows nothing of the set.
      if (shared.life !== life) throw errorOf(NVML_ERROR_UNINITIALIZED, 'nvmlEventSetWait');
      const event = eventIn(set);
      if (event === undefined) await ending.pause(everyMs);
      else yield event;
    }
  } catch (error) {
    isFailed = true;
    throw error;
  } finally {
    if (shared.life === life) free(set, isFailed);
  }
}

type EventSet = Parameters<typeof nvmlEventSetFree>[0];

/** A closed NVML has no event sets; the first failure is reported, not what followed from it. */
function free(set: EventSet, isFailed: boolean): void {
  try {
    nvmlEventSetFree(set);
  } catch (error) {
    if (!isFailed && !(error instanceof NVMLError_Uninitialized)) throw error;
  }
}

/** An event that has occurred. NVML queues events until they are read. */
function eventIn(set: EventSet): nvmlEventData_t | undefined {
  try {
    return nvmlEventSetWait(set, 0);
  } catch (error) {
    if (error instanceof NVMLError_Timeout) return undefined;
    throw error;
  }
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
  checkObject(FN, options, '{ types, signal, everyMs }');
  checkNames(FN, options, ['types', 'signal', 'everyMs']);
  checkSignal(FN, options.signal);
  const numbers = { types: check.scalar('u64'), everyMs: check.scalar('u32') };
  for (const [name, test] of Object.entries(numbers)) {
    const given = options[name as keyof typeof numbers];
    const fault = given === undefined ? undefined : test(given);
    if (fault !== undefined) refuse(FN, name, fault);
  }
}
