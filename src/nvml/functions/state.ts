/** The library that this process has open, and the calls that are laid out for it. */
import type { Driver } from '../call.js';
import type { Entry } from '../entry.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_UNINITIALIZED } from '../generated/constants.js';
import { isTooNew, type Status } from '../status.js';
import { Caller } from './caller.js';
import { errorOf } from './raise.js';
import { shared } from './shared.js';

/** Laid out calls of a driver. */
interface LaidOut {
  readonly driver: Driver;
  readonly callers: Map<Entry, readonly Caller[]>;
}

let laidOut: LaidOut | undefined;

/** Makes a driver the one that answers. */
export function use(driver: Driver): void {
  shared.driver = driver;
  shared.life++;
}

/** Nothing answers any longer. */
export function stop(): void {
  shared.driver = undefined;
  laidOut = undefined;
}

export const openDriver = (): Driver | undefined => shared.driver;

/** Versions of a function, newest first. */
function callersOf(entry: Entry): readonly Caller[] {
  const { driver } = shared;
  if (driver === undefined) throw errorOf(NVML_ERROR_UNINITIALIZED, entry.fn);
  if (laidOut?.driver !== driver) laidOut = { driver, callers: new Map() };
  const known = laidOut.callers.get(entry);
  if (known !== undefined) return known;
  const textAt = (pointer: bigint): string | undefined => driver.textAt?.(pointer);
  const versions = [...(entry.newer ?? []), entry];
  const callers = versions.map(
    (version, i) => new Caller(version, entry.fn, driver, textAt, i === 0 ? undefined : versions[0]),
  );
  laidOut.callers.set(entry, callers);
  return callers;
}

/** Calls a function synchronously. */
export function now(entry: Entry, ...args: readonly unknown[]): unknown {
  let status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;
  for (const caller of callersOf(entry)) {
    const ready = caller.ready(args);
    if (ready === undefined) continue;
    status = ready.bound.run();
    if (status === 0) return ready.read(ready.bound);
    if (!isTooNew(status)) break;
  }
  throw errorOf(status, entry.fn);
}

/** Calls a function on a worker thread, with memory that no other call has. */
export async function later(entry: Entry, ...args: readonly unknown[]): Promise<unknown> {
  let status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;
  let reason: string | undefined;
  for (const caller of callersOf(entry)) {
    const ready = caller.layOut(args);
    if (ready === undefined) continue;
    status = await ready.bound.start();
    reason = ready.bound.reason;
    if (status === 0) return ready.read(ready.bound);
    if (!isTooNew(status)) break;
  }
  throw errorOf(status, entry.fn, reason);
}
