/** The library that this process has open, and the calls that are laid out for it. */
import type { Driver } from '../call.js';
import type { Entry } from '../entry.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_UNINITIALIZED } from '../generated/constants.js';
import { Caller, isTooNew } from './caller.js';
import { errorOf } from './raise.js';

interface Open {
  readonly driver: Driver;
  readonly callers: Map<Entry, readonly Caller[]>;
}

let open: Open | undefined;

/** Makes a driver the one that answers. */
export function use(driver: Driver): void {
  open = { driver, callers: new Map() };
}

/** Nobody answers any more. */
export function stop(): void {
  open = undefined;
}

export const openDriver = (): Driver | undefined => open?.driver;

/** Versions of a function, newest first. */
function callersOf(entry: Entry): readonly Caller[] {
  if (open === undefined) throw errorOf(NVML_ERROR_UNINITIALIZED, entry.fn);
  const known = open.callers.get(entry);
  if (known !== undefined) return known;
  const { driver } = open;
  const textAt = (pointer: bigint): string | undefined => driver.textAt?.(pointer);
  const versions = [...(entry.newer ?? []), entry];
  const callers = versions.map(
    (version, i) => new Caller(version, driver, textAt, i === 0 ? undefined : versions[0]),
  );
  open.callers.set(entry, callers);
  return callers;
}

/** Calls a function at once. */
export function now(entry: Entry, ...args: readonly unknown[]): unknown {
  const callers = callersOf(entry);
  for (let i = 0; i < callers.length; i++) {
    const last = i === callers.length - 1;
    try {
      const answer = (callers[i] as Caller).run(args);
      if (answer !== undefined) return answer.value;
    } catch (error) {
      if (last || !isTooNew(error)) throw error;
    }
  }
  throw errorOf(NVML_ERROR_FUNCTION_NOT_FOUND, entry.fn);
}

/** Calls a function on a worker thread. */
export async function later(entry: Entry, ...args: readonly unknown[]): Promise<unknown> {
  const callers = callersOf(entry);
  for (const [i, caller] of callers.entries()) {
    try {
      const answer = await caller.start(args);
      if (answer !== undefined) return answer.value;
    } catch (error) {
      if (i === callers.length - 1 || !isTooNew(error)) throw error;
    }
  }
  throw errorOf(NVML_ERROR_FUNCTION_NOT_FOUND, entry.fn);
}
