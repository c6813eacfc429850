/** What shows that a GPU does not answer, and what is an answer although it has no value. */
import * as nvml from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, NO_ANSWER, statusReason } from '../nvml/status.js';
import type { Reading } from './reading.js';

/** What a driver says of a reading that it does not have. */
const NOT_THERE: ReadonlySet<number> = new Set([
  nvml.NVML_ERROR_NOT_SUPPORTED,
  nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
  nvml.NVML_ERROR_INVALID_ARGUMENT,
  nvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
]);

export const isNotThere = (status: number): boolean => NOT_THERE.has(status);

/** A call or reading without an answer, and why. */
export interface NoReply {
  readonly name: string;
  readonly reason: string;
  /** It did not answer in time, and may be slow. */
  readonly isLate: boolean;
}

/** What a GPU is identified by. */
export const IDENTITY: readonly string[] = ['uuid', 'pci.bus_id', 'name'];

/** A GPU that has a handle may be lost nevertheless, or answer nothing of what it is. */
export function noReplyOf(
  { handle, status }: Gpu,
  names: readonly string[],
  readings: readonly Reading[],
): NoReply | undefined {
  if (handle === undefined)
    return { name: 'nvmlDeviceGetHandleByIndex', reason: statusReason(status), isLate: false };
  const failed = names.flatMap((name, i) => {
    const one = readings[i];
    return one instanceof Missing ? [{ name, status: one.status }] : [];
  });
  const lost = failed.find((one) => one.status === nvml.NVML_ERROR_GPU_IS_LOST);
  const isSilent = IDENTITY.every((name) => failed.some((one) => one.name === name));
  const shown = lost ?? (isSilent ? failed[0] : undefined);
  return shown === undefined
    ? undefined
    : { name: shown.name, reason: statusReason(shown.status), isLate: shown.status === NO_ANSWER };
}
