/** What callers give to functions that take structs and field ids, and what field values come back as. */
import type { nvmlReturn_t, nvmlValueType_t, Uint64 } from '../generated/api-types.js';

/** A struct that NVML reads: omitted fields are zero. */
export type InputStruct<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** A field id (NVML_FI_*), alone or with its scope: an NVLink, a power scope. */
export type FieldRequest =
  | number
  | readonly [fieldId: number, scopeId: number]
  | { readonly fieldId: number; readonly scopeId?: number };

/** One field of nvmlDeviceGetFieldValues. */
export interface FieldValue {
  readonly fieldId: number;
  readonly scopeId: number;
  /** µs since 1970: when the driver read it */
  readonly timestamp: Uint64;
  /** how long reading it took, in µs */
  readonly latencyUsec: Uint64;
  readonly valueType: nvmlValueType_t;
  /** 0, or the status that says why there is no value */
  readonly nvmlReturn: nvmlReturn_t;
  /** null if `nvmlReturn` is not 0 */
  readonly value: Uint64 | null;
}
