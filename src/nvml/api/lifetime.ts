/** Opening and closing the library: counted, so that every part of a program can do it for itself. */
import { call, type Driver } from '../call.js';
import { NVML_ERROR_ALREADY_INITIALIZED, NVML_ERROR_UNINITIALIZED } from '../generated/constants.js';
import type { SnapshotName } from '../generated/snapshots.js';
import { loadLibrary } from '../library.js';
import { openSnapshot } from '../machine.js';
import { ask } from '../session.js';
import { DeadLibrary } from '../status.js';
import { check, refuse } from './check.js';
import { errorOf } from './raise.js';
import { shared } from './shared.js';
import { openDriver, stop, use } from './state.js';

export interface OpenOptions {
  /** A libnvidia-ml to load instead of searching for one. Default: the environment's NVSMI_NVML. */
  readonly path?: string;
  /** A recorded machine that answers instead: the name of one in the package (`h200-x2`), or a file. */
  readonly snapshot?: SnapshotName | (string & {});
}

function driverOf(options: OpenOptions): Driver {
  const name = sourceOf(options);
  const known = shared.loaded.get(name);
  if (known !== undefined) return known;
  const driver =
    options.snapshot === undefined
      ? loadLibrary({ path: options.path ?? process.env.NVSMI_NVML, env: process.env })
      : openSnapshot(options.snapshot).driver;
  shared.loaded.set(name, driver);
  return driver;
}

const sourceOf = ({ path = '', snapshot }: OpenOptions): string =>
  snapshot === undefined ? `library ${path}` : `snapshot ${snapshot}`;

/** `called` is the name that the caller wrote. */
function open(called: string, what: ReturnType<typeof call>, options: OpenOptions): void {
  if (shared.count > 0) {
    if (sourceOf(options) !== shared.source) {
      throw errorOf(NVML_ERROR_ALREADY_INITIALIZED, called, `NVML is already open: ${shared.source}`);
    }
    shared.count++;
    return;
  }
  const driver = loadOrThrow(options, called);
  const { status } = ask(driver, what);
  if (status !== 0) throw errorOf(status, called);
  shared.source = sourceOf(options);
  shared.count = 1;
  use(driver);
}

function loadOrThrow(options: OpenOptions, fn: string): Driver {
  try {
    return driverOf(options);
  } catch (error) {
    if (error instanceof DeadLibrary) throw errorOf(error.status, fn, error.message);
    throw error;
  }
}

/**
 * Loads NVML and attaches all GPUs. Each call wants its own {@link nvmlShutdown}; only the first does the work.
 *
 * @throws NVMLError_LibraryNotFound where there is no NVIDIA driver; its message says what was tried.
 * @throws NVMLError_DriverNotLoaded, NVMLError_NoPermission, NVMLError_LibRmVersionMismatch
 * @throws NVMLError_AlreadyInitialized where NVML is open with other `options`.
 */
export function nvmlInit(options: OpenOptions = {}): void {
  open('nvmlInit', call('nvmlInit_v2'), options);
}

/** {@link nvmlInit} under the name of its symbol. */
export function nvmlInit_v2(options: OpenOptions = {}): void {
  open('nvmlInit_v2', call('nvmlInit_v2'), options);
}

/**
 * {@link nvmlInit} with NVML_INIT_FLAG_*: without GPUs it is no error, or none is attached.
 *
 * @param flags NVML_INIT_FLAG_NO_GPUS, NVML_INIT_FLAG_NO_ATTACH, NVML_INIT_FLAG_FORCE_INIT, or 0
 */
export function nvmlInitWithFlags(flags: number, options: OpenOptions = {}): void {
  const fault = check.scalar('u32')(flags);
  if (fault !== undefined) refuse('nvmlInitWithFlags', 'flags', fault);
  open('nvmlInitWithFlags', call('nvmlInitWithFlags', flags), options);
}

/**
 * Ends one {@link nvmlInit}. With the last one NVML lets go of the GPUs, and every call throws
 * NVMLError_Uninitialized until the next.
 *
 * @throws NVMLError_Uninitialized where NVML is not open.
 */
export function nvmlShutdown(): void {
  const driver = openDriver();
  if (shared.count === 0 || driver === undefined) throw errorOf(NVML_ERROR_UNINITIALIZED, 'nvmlShutdown');
  shared.count--;
  if (shared.count > 0) return;
  stop();
  const { status } = ask(driver, call('nvmlShutdown'));
  if (status !== 0) throw errorOf(status, 'nvmlShutdown');
}

/** An open NVML: closes itself at the end of a `using` block. */
export interface OpenNvml {
  /** Ends it; a second time does nothing. */
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

/** Runs a function with NVML open, and closes it behind it, also when it throws or its promise fails. */
export function withNvml<T>(work: () => T, options: OpenOptions = {}): T {
  const nvml = openNvml(options);
  let result: T;
  try {
    result = work();
  } catch (error) {
    nvml.close();
    throw error;
  }
  if (result instanceof Promise) return result.finally(() => nvml.close()) as T;
  nvml.close();
  return result;
}
