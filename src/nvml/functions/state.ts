/** The library that this process has open, and the calls that are laid out for it. */

import type { Elsewhere } from '../backend/child/elsewhere.js';
import { Handles } from '../backend/child/handles.js';
import type { Bound, Driver } from '../call.js';
import { callOf } from '../call-of.js';
import type { Entry } from '../entry.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_UNINITIALIZED } from '../generated/constants.js';
import { nvmlInit_v2 } from '../generated/entries.js';
import { writes } from '../generated/writes.js';
import type { CallLimits } from '../limits.js';
import { isTooNew, type Status } from '../status.js';
import { Caller, takesArgument } from './caller.js';
import { type CallOptions, checkCallOptions, within } from './limits.js';
import { errorOf } from './raise.js';
import { type Beside, shared } from './shared.js';

/** Laid out calls of a driver. */
interface LaidOut {
  readonly driver: Driver;
  readonly callers: Map<Entry, readonly Caller[]>;
}

let laidOut: LaidOut | undefined;
/** Those of the process that makes calls with limits. */
let besideLaidOut: LaidOut | undefined;

/** Makes a driver the one that answers: that of a library, by its path, or that of a recording. */
export function use(driver: Driver, path: string | undefined, timeout?: number): void {
  shared.driver = driver;
  shared.path = path;
  shared.timeout = timeout;
  shared.life++;
}

/** Nothing answers any longer. */
export function stop(): void {
  const { beside } = shared;
  shared.driver = undefined;
  shared.beside = undefined;
  shared.handles = new Handles();
  laidOut = undefined;
  besideLaidOut = undefined;
  beside?.end();
}

export const openDriver = (): Driver | undefined => shared.driver;

/** Versions of a function, newest first. */
function callersOf(entry: Entry): readonly Caller[] {
  const driver = openOr(entry.fn);
  if (laidOut?.driver !== driver) laidOut = { driver, callers: new Map() };
  return laidOut.callers.get(entry) ?? makeCallers(entry, laidOut);
}

function openOr(fn: string): Driver {
  const { driver } = shared;
  if (driver === undefined) throw errorOf(NVML_ERROR_UNINITIALIZED, fn);
  return driver;
}

function makeCallers(entry: Entry, { driver, callers: all }: LaidOut): readonly Caller[] {
  const adopt = ({ call, memory }: Bound): void => {
    if (shared.path !== undefined && !driver.isElsewhere) shared.handles.adopt(call, memory);
  };
  const textAt = (pointer: bigint): string | undefined => driver.textAt?.(pointer);
  const versions = [...(entry.newer ?? []), entry];
  const callers = versions.map(
    (version, i) => new Caller(version, entry.fn, driver, textAt, i === 0 ? undefined : versions[0], adopt),
  );
  all.set(entry, callers);
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

/** Calls a function on a worker thread, with memory that no other call has; in another process where it has limits. */
export async function later(
  entry: Entry,
  args: readonly unknown[] = [],
  options?: CallOptions,
): Promise<unknown> {
  if (options !== undefined) checkCallOptions(entry.fn, options);
  const driver = openOr(entry.fn);
  const limits = limitsOf(driver, options);
  if (limits === undefined) return start(callersOf(entry), entry.fn, args);
  limits.signal?.throwIfAborted();
  return within(entry.fn, limits, startWithin(entry, args, driver, limits));
}

/** Undefined where a call is waited for until it ends. */
function limitsOf({ isElsewhere }: Driver, options: CallOptions | undefined): CallLimits | undefined {
  const { timeout = isElsewhere ? shared.timeout : undefined, signal } = options ?? {};
  return timeout === undefined && signal === undefined ? undefined : { timeout, signal };
}

async function startWithin(
  entry: Entry,
  args: readonly unknown[],
  driver: Driver,
  limits: CallLimits,
): Promise<unknown> {
  // A recording always answers.
  if (shared.path === undefined && !driver.isElsewhere) return start(callersOf(entry), entry.fn, args);
  if (writes.has(entry.fn)) throw new TypeError(`${entry.fn} changes the GPU: it takes no timeout or signal`);
  refuseUnknown(entry, args);
  if (driver.isElsewhere) return start(callersOf(entry), entry.fn, args, limits);
  shared.beside ??= openBeside(shared.path);
  const other = await shared.beside.ready;
  if (besideLaidOut?.driver !== other) besideLaidOut = { driver: other, callers: new Map() };
  const callers = besideLaidOut.callers.get(entry) ?? makeCallers(entry, besideLaidOut);
  return start(callers, entry.fn, args, limits);
}

/** What another process cannot ask for: a handle of an earlier opening, of an event set, of a new GPU instance. */
function refuseUnknown({ fn, params }: Entry, args: readonly unknown[]): void {
  params.filter(takesArgument).forEach(([role, name], i) => {
    const given = args[i];
    if (role !== 'handle' || typeof given !== 'bigint' || shared.handles.origin(given) !== undefined) return;
    throw new TypeError(`${fn}: another process does not know this ${name}: call it without limits`);
  });
}

/** Milliseconds that the other process has to start and to initialise NVML. Calls wait no longer than they want to. */
const OPENING = 30_000;

function openBeside(path: string | undefined): Beside {
  let opened: Elsewhere | undefined;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    void opened?.end();
  };
  const open = async (): Promise<Driver> => {
    const { openElsewhere } = await import('../backend/child/elsewhere.js');
    if (isOver) throw errorOf(NVML_ERROR_UNINITIALIZED, 'nvmlInit');
    const report = (): void => undefined;
    const { handles } = shared;
    opened = openElsewhere({ path, timeout: OPENING, opensForSample: false, report, handles });
    const { driver } = opened;
    const status = await driver.bind(callOf(nvmlInit_v2))?.start({ timeout: OPENING });
    if (status !== 0) throw errorOf(status ?? NVML_ERROR_FUNCTION_NOT_FOUND, 'nvmlInit');
    return driver;
  };
  const ready = open();
  const beside = { ready, end };
  ready.catch(() => {
    end();
    // The next call tries again.
    if (shared.beside === beside) shared.beside = undefined;
  });
  return beside;
}

async function start(
  callers: readonly Caller[],
  fn: string,
  args: readonly unknown[],
  limits?: CallLimits,
): Promise<unknown> {
  let status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;
  let reason: string | undefined;
  for (const caller of callers) {
    const ready = caller.layOut(args);
    if (ready === undefined) continue;
    status = await ready.bound.start(limits);
    reason = ready.bound.reason;
    if (status === 0) return ready.read(ready.bound);
    if (!isTooNew(status)) break;
  }
  throw errorOf(status, fn, reason);
}
