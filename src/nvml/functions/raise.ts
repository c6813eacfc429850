/** Turns a status into its error. */
import { ERROR_CLASSES } from '../generated/errors.js';
import type { Status } from '../status.js';
import { NVMLError } from './error.js';

export function errorOf(status: Status, fn?: string, message?: string): NVMLError {
  const known = ERROR_CLASSES[status];
  return known === undefined ? new NVMLError(status, fn, message) : new known(fn, message);
}
