/// <reference lib="esnext.disposable" preserve="true" />
/** Opening and closing the library: counted, so that every part of a program can do it for itself. */

import type { Call } from '../call.js';
import { callOf } from '../call-of.js';
import { NVML_ERROR_UNINITIALIZED } from '../generated/constants.js';
import * as entries from '../generated/entries.js';
import { ask } from '../session.js';
import { check, refuse } from './check.js';
import { alreadyOpen, loadOrThrow, pathOf } from './load.js';
import { type NvmlSource, type OpenOptions, sourceName, sourceOf } from './options.js';
import { errorOf } from './raise.js';
import { shared } from './shared.js';
import { openDriver, stop, use } from './state.js';

/** `called` is the name that the caller wrote. */
function open(called: string, what: Call, source: NvmlSource): void {
  const name = sourceName(source);
  if (shared.count > 0) {
    if (name !== shared.source) throw alreadyOpen(called, shared.source, name);
    shared.count++;
    return;
  }
  const driver = loadOrThrow(source, called);
  const { status } = ask(driver, what);
  if (status !== 0) throw errorOf(status, called);
  shared.source = name;
  shared.count = 1;
  use(driver, pathOf(source, driver));
}

/**
 * Loads NVML and attaches all GPUs. Each call needs its own {@link nvmlShutdown}; only the first does the work.
 *
 * @throws NVMLError_LibraryNotFound if there is no NVIDIA driver; its message lists what was tried.
 * @throws NVMLError_DriverNotLoaded, NVMLError_NoPermission, NVMLError_LibRmVersionMismatch
 * @throws NVMLError_AlreadyInitialized if NVML is open with other `options`.
 * @throws SnapshotError if the snapshot is invalid or missing: its message names the place in the file, or the known names.
 * @throws KoffiNotFound if the package koffi, which calls NVML, is missing.
 * @throws TypeError for invalid options.
 */
export function nvmlInit(options: OpenOptions = {}): void {
  open('nvmlInit', callOf(entries.nvmlInit_v2), sourceOf('nvmlInit', options));
}

/** {@link nvmlInit} under the name of its symbol. */
export function nvmlInit_v2(options: OpenOptions = {}): void {
  open('nvmlInit_v2', callOf(entries.nvmlInit_v2), sourceOf('nvmlInit_v2', options));
}

/**
 * {@link nvmlInit} with flags: do not fail without GPUs, or do not attach GPUs. A recorded machine opens
 * as with nvmlInit.
 *
 * @param flags NVML_INIT_FLAG_NO_GPUS, NVML_INIT_FLAG_NO_ATTACH, NVML_INIT_FLAG_FORCE_INIT, or 0
 */
export function nvmlInitWithFlags(flags: number, options: OpenOptions = {}): void {
  const fault = check.scalar('u32')(flags);
  if (fault !== undefined) refuse('nvmlInitWithFlags', 'flags', fault);
  open(
    'nvmlInitWithFlags',
    callOf(entries.nvmlInitWithFlags, { flags }),
    sourceOf('nvmlInitWithFlags', options),
  );
}

/**
 * Ends one {@link nvmlInit}. With the last one NVML releases the GPUs, and every call throws
 * NVMLError_Uninitialized until the next.
 *
 * @throws NVMLError_Uninitialized if NVML is not open.
 */
export function nvmlShutdown(): void {
  const driver = openDriver();
  if (shared.count === 0 || driver === undefined) throw errorOf(NVML_ERROR_UNINITIALIZED, 'nvmlShutdown');
  shared.count--;
  if (shared.count > 0) return;
  stop();
  if (driver.isElsewhere) {
    driver.close();
    return;
  }
  const { status } = ask(driver, callOf(entries.nvmlShutdown));
  if (status !== 0) throw errorOf(status, 'nvmlShutdown');
}

/** An open NVML: closes itself at the end of a `using` block. */
export interface OpenNvml {
  /** Shuts NVML down; a second call does nothing. */
  close(): void;
  [Symbol.dispose](): void;
}

/** {@link nvmlInit} for `using nvml = openNvml()`: closed at the end of the block, however it ends. */
export function openNvml(options: OpenOptions = {}): OpenNvml {
  nvmlInit(options);
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    nvmlShutdown();
  };
  return { close, [Symbol.dispose]: close };
}

/**
 * Runs a function with NVML open, and shuts NVML down afterwards, even if it throws. If it returns a promise, or anything
 * with a `then` method, NVML stays open until that settles.
 */
export function withNvml<T>(work: () => T, options: OpenOptions = {}): T {
  const nvml = openNvml(options);
  let goesOn = false;
  try {
    const result = work();
    goesOn = isThenable(result);
    return goesOn ? (Promise.resolve(result).finally(() => nvml.close()) as T) : result;
  } finally {
    if (!goesOn) nvml.close();
  }
}

const isThenable = (value: unknown): boolean =>
  (typeof value === 'object' || typeof value === 'function') &&
  typeof (value as Partial<PromiseLike<unknown>> | null)?.then === 'function';
