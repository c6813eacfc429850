/**
 * NVML for Node: every function of the NVIDIA Management Library under its own name.
 *
 * - A call that fails throws an {@link NVMLError}, with a subclass for each status.
 * - The outputs of a C function are returned: nothing, one value, or a tuple in the order of its parameters.
 * - Structs are plain objects, texts are strings, counts with arrays are arrays, handles are opaque.
 * - A 64-bit number is a number while it is a safe integer and a bigint beyond.
 * - A value that NVML reports as not available is null.
 */

export { KoffiNotFound, SnapshotError } from './nvml/failures.js';
export { NVMLError, type NVMLErrorClass } from './nvml/functions/error.js';
export { type EventOptions, nvmlEvents } from './nvml/functions/events.js';
export type { FieldRequest, FieldValue, InputStruct } from './nvml/functions/given.js';
export {
  nvmlInit,
  nvmlInit_v2,
  nvmlInitWithFlags,
  nvmlShutdown,
  type OpenNvml,
  openNvml,
  withNvml,
} from './nvml/functions/lifetime.js';
export type { OpenOptions } from './nvml/functions/options.js';
export { nvmlErrorString } from './nvml/functions/text.js';
export * from './nvml/generated/api.js';
export type * from './nvml/generated/api-types.js';
export * from './nvml/generated/constants.js';
export * from './nvml/generated/errors.js';
export type { SnapshotName } from './nvml/generated/snapshots.js';
