/** What the answers of NVML mean for the exit status. */
import { NVML_ERROR_GPU_IS_LOST, NVML_ERROR_NOT_SUPPORTED } from '../../nvml/generated/constants.js';
import type { Status } from '../../nvml/status.js';

export class Outcome {
  /** Whether an answer about a GPU said that the GPU is lost. */
  lostGpu = false;
  /** The status with which a list was first refused, unless that only says that there is nothing to list. */
  refusedList: Status | undefined;

  answered(status: Status): void {
    if (status === NVML_ERROR_GPU_IS_LOST) this.lostGpu = true;
  }

  refused(status: Status): void {
    if (status !== NVML_ERROR_NOT_SUPPORTED) this.refusedList ??= status;
  }
}
