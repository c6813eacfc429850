/** How functions refuse inputs that a recording has no answer for, where they do not say NOT_FOUND. */
import { NVML_ERROR_INVALID_ARGUMENT } from '../nvml/generated/constants.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import type { Status } from '../nvml/status.js';

/** NVML's documentation calls an index beyond the count an invalid argument. */
export const UNRECORDED: Readonly<Partial<Record<FunctionName, Status>>> = {
  nvmlDeviceGetHandleByIndex: NVML_ERROR_INVALID_ARGUMENT,
  nvmlDeviceGetHandleByIndex_v2: NVML_ERROR_INVALID_ARGUMENT,
  nvmlUnitGetHandleByIndex: NVML_ERROR_INVALID_ARGUMENT,
};
