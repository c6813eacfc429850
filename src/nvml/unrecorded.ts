/** What a function answers to inputs that a recording has no answer for; all others say NOT_FOUND. */
import { NVML_ERROR_INVALID_ARGUMENT } from './generated/constants.js';
import type { FunctionName } from './generated/functions.js';
import type { Status } from './status.js';

/** An index beyond the count is no index, by NVML's documentation. */
export const UNRECORDED: Readonly<Partial<Record<FunctionName, Status>>> = {
  nvmlDeviceGetHandleByIndex: NVML_ERROR_INVALID_ARGUMENT,
  nvmlDeviceGetHandleByIndex_v2: NVML_ERROR_INVALID_ARGUMENT,
  nvmlUnitGetHandleByIndex: NVML_ERROR_INVALID_ARGUMENT,
};
