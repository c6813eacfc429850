/** Whether a machine is still open: what every question checks first, and what ends those that are running. */
import { errorOf } from '../nvml/functions/raise.js';
import { NVML_ERROR_UNINITIALIZED } from '../nvml/generated/constants.js';

export class Life {
  private readonly controller = new AbortController();

  /** Aborted once the machine is closed. */
  get ended(): AbortSignal {
    return this.controller.signal;
  }

  end(): void {
    this.controller.abort();
  }

  /** @throws NVMLError_Uninitialized once the machine is closed */
  check(): void {
    if (this.controller.signal.aborted) throw errorOf(NVML_ERROR_UNINITIALIZED);
  }
}
