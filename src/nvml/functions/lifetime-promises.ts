/** Opening and closing the library without holding up the program, and with a deadline where that is wanted. */
import { type Elsewhere, openElsewhere } from '../backend/child/elsewhere.js';
import type { Call, Driver } from '../call.js';
import { callOf } from '../call-of.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_UNINITIALIZED } from '../generated/constants.js';
import * as entries from '../generated/entries.js';
import type { Status } from '../status.js';
import { check, checkNames, checkObject, refuse } from './check.js';
import { type CallOptions, checkLimits, within } from './limits.js';
import { alreadyOpen, loadingError, loadOrThrow, pathOf } from './load.js';
import { type NvmlSource, type OpenOptions, sourceName, sourceOf } from './options.js';
import { errorOf } from './raise.js';
import { shared } from './shared.js';
import { openDriver, stop, use } from './state.js';

export interface TimedOpenOptions extends OpenOptions {
  /**
   * Timeout in milliseconds for opening, and for each call without its own timeout. NVML is called in another
   * process, and the synchronous functions of `nvsmi/nvml` throw a TypeError.
   */
  readonly timeout?: number | undefined;
  /** Ends the wait for the opening: the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An NVML that has been initialised, and what closes it again. */
interface Begun {
  readonly driver: Driver;
  readonly path: string | undefined;
  end(): void;
}

async function open(called: string, what: Call, options: TimedOpenOptions): Promise<void> {
  checkObject(called, options, "{ timeout, signal, snapshot: 'h200-x2' } or { timeout, signal, path }");
  checkNames(called, options, ['timeout', 'signal', 'path', 'snapshot']);
  checkLimits(called, options);
  const { timeout, signal, ...where } = options;
  const source = sourceOf(called, where);
  const name = timedName(source, timeout);
  signal?.throwIfAborted();
  while (shared.opening !== undefined) {
    await within(
      called,
      { timeout, signal },
      shared.opening.catch(() => undefined),
    );
  }
  if (shared.count > 0) return openAgain(called, name);
  const opening = begin(called, what, source, options);
  shared.opening = opening.then(() => undefined);
  // What waits for it says so.
  shared.opening.catch(() => undefined);
  try {
    const begun = await opening;
    // Someone has opened one synchronously meanwhile.
    if (shared.count > 0) {
      begun.end();
      return openAgain(called, name);
    }
    shared.source = name;
    shared.count = 1;
    use(begun.driver, begun.path, timeout);
  } finally {
    shared.opening = undefined;
  }
}

function openAgain(called: string, name: string): void {
  if (name !== shared.source) throw alreadyOpen(called, shared.source, name);
  shared.count++;
}

const timedName = (source: NvmlSource, timeout: number | undefined): string =>
  timeout === undefined || source.snapshot !== undefined
    ? sourceName(source)
    : `${sourceName(source)} with a timeout of ${timeout} ms`;

async function begin(called: string, what: Call, source: NvmlSource, options: CallOptions): Promise<Begun> {
  const { timeout, signal } = options;
  // A recording always answers, and needs no other process.
  if (timeout === undefined || source.snapshot !== undefined) return beginHere(called, what, source, options);
  const elsewhere = elsewhereOf(source, timeout);
  try {
    const started = elsewhere.driver.bind(what)?.start({ timeout, signal });
    const status = await within(called, options, started ?? Promise.resolve(NVML_ERROR_FUNCTION_NOT_FOUND));
    if (status !== 0) throw errorOf(status, called);
  } catch (error) {
    await elsewhere.end();
    throw loadingError(error, called);
  }
  const { driver } = elsewhere;
  return { driver, path: driver.source, end: () => void elsewhere.end() };
}

const elsewhereOf = ({ path }: NvmlSource, timeout: number): Elsewhere =>
  openElsewhere({
    path,
    timeout,
    opensForSample: false,
    report: () => undefined,
    handles: shared.handles,
  });

async function beginHere(
  called: string,
  what: Call,
  source: NvmlSource,
  options: CallOptions,
): Promise<Begun> {
  const driver = loadOrThrow(source, called);
  const end = (): void => void driver.bind(callOf(entries.nvmlShutdown))?.start();
  const started = driver.bind(what)?.start() ?? Promise.resolve<Status>(NVML_ERROR_FUNCTION_NOT_FOUND);
  let isWanted = true;
  void started.then((status) => {
    if (status === 0 && !isWanted) end();
  });
  try {
    const status = await within(called, options, started);
    if (status !== 0) throw errorOf(status, called);
  } catch (error) {
    isWanted = false;
    throw error;
  }
  return { driver, path: pathOf(source, driver), end };
}

/**
 * Loads NVML and attaches all GPUs. Each call needs its own {@link nvmlShutdown}; only the first does the work.
 *
 * With a `timeout`, another process calls NVML for all functions of this module: an unresponsive driver blocks
 * neither other calls nor the exit of the program.
 *
 * @throws NVMLError_NoAnswer if NVML does not answer in time; the reason of the `signal` if that aborts first.
 * @throws NVMLError_LibraryNotFound if there is no NVIDIA driver; its message lists what was tried.
 * @throws NVMLError_DriverNotLoaded, NVMLError_NoPermission, NVMLError_LibRmVersionMismatch
 * @throws NVMLError_AlreadyInitialized if NVML is open with other `options`.
 * @throws SnapshotError if the snapshot is invalid or missing: its message names the place in the file, or the known names.
 * @throws KoffiNotFound if the package koffi, which calls NVML, is missing.
 * @throws TypeError, RangeError for invalid options.
 */
export const nvmlInit = (options: TimedOpenOptions = {}): Promise<void> =>
  open('nvmlInit', callOf(entries.nvmlInit_v2), options);

/** {@link nvmlInit} under the name of its symbol. */
export const nvmlInit_v2 = (options: TimedOpenOptions = {}): Promise<void> =>
  open('nvmlInit_v2', callOf(entries.nvmlInit_v2), options);

/**
 * {@link nvmlInit} with flags: do not fail without GPUs, or do not attach GPUs. A recorded machine opens
 * as with nvmlInit.
 *
 * @param flags NVML_INIT_FLAG_NO_GPUS, NVML_INIT_FLAG_NO_ATTACH, NVML_INIT_FLAG_FORCE_INIT, or 0
 */
export async function nvmlInitWithFlags(flags: number, options: TimedOpenOptions = {}): Promise<void> {
  const fault = check.scalar('u32')(flags);
  if (fault !== undefined) refuse('nvmlInitWithFlags', 'flags', fault);
  await open('nvmlInitWithFlags', callOf(entries.nvmlInitWithFlags, { flags }), options);
}

/**
 * Ends one {@link nvmlInit}. With the last one NVML releases the GPUs, and every call rejects with
 * NVMLError_Uninitialized until the next.
 *
 * @throws NVMLError_Uninitialized if NVML is not open.
 */
export async function nvmlShutdown(): Promise<void> {
  const driver = openDriver();
  if (shared.count === 0 || driver === undefined) throw errorOf(NVML_ERROR_UNINITIALIZED, 'nvmlShutdown');
  shared.count--;
  if (shared.count > 0) return;
  stop();
  if (driver.isElsewhere) {
    driver.close();
    return;
  }
  const status = await driver.bind(callOf(entries.nvmlShutdown))?.start();
  if (status !== undefined && status !== 0) throw errorOf(status, 'nvmlShutdown');
}
