/** The library, or the recording, that a program opens: loaded once. */
import { openSnapshot } from '../../snapshot/machine.js';
import { LibraryNotFound, loadLibrary } from '../backend/library.js';
import type { Driver } from '../call.js';
import { NVML_ERROR_ALREADY_INITIALIZED } from '../generated/constants.js';
import { DeadLibrary } from '../status.js';
import type { NVMLError } from './error.js';
import { notFoundText } from './not-found.js';
import { type NvmlSource, sourceName } from './options.js';
import { errorOf } from './raise.js';
import { shared } from './shared.js';

function driverOf(source: NvmlSource): Driver {
  const name = sourceName(source);
  const known = shared.loaded.get(name);
  if (known !== undefined) return known;
  const driver =
    source.snapshot === undefined
      ? loadLibrary({ path: source.path, env: process.env, writable: true })
      : openSnapshot(source.snapshot, 'calls').driver;
  // A recording that was given as an object has nothing to load, and goes with it.
  if (typeof source.snapshot !== 'object') shared.loaded.set(name, driver);
  return driver;
}

/** The file of a library. */
export const pathOf = ({ snapshot }: NvmlSource, { source }: Driver): string | undefined =>
  snapshot === undefined ? source : undefined;

/** NVML, or an object that there is once, is open with other options. */
export const alreadyOpen = (fn: string, source: string, asked: string): NVMLError =>
  errorOf(NVML_ERROR_ALREADY_INITIALIZED, fn, `${source} is open already, so ${asked} cannot be opened`);

export function loadOrThrow(source: NvmlSource, fn: string): Driver {
  try {
    return driverOf(source);
  } catch (error) {
    throw loadingError(error, fn);
  }
}

/** Why there is no library, as an NVMLError. */
export function loadingError(error: unknown, fn: string): unknown {
  if (error instanceof LibraryNotFound) return errorOf(error.status, fn, notFoundText(error));
  return error instanceof DeadLibrary ? errorOf(error.status, fn, error.message) : error;
}
