/** Whether a machine is still open: what every question checks first, and what ends those that are running. */
import { errorOf } from '../nvml/functions/raise.js';
import { NVML_ERROR_UNINITIALIZED } from '../nvml/generated/constants.js';

export class Life {
  private readonly controller = new AbortController();
  private readonly releases: (() => void)[] = [];

  /** Aborted once the machine is closed. */
  get ended(): AbortSignal {
    return this.controller.signal;
  }

  /** Calls a function when the machine is closed, while it can still be asked. */
  atEnd(release: () => void): void {
    this.releases.push(release);
  }

  end(): void {
    this.controller.abort();
    for (const release of this.releases) release();
  }

  /** @throws NVMLError_Uninitialized once the machine is closed */
  check(): void {
    if (this.controller.signal.aborted) throw errorOf(NVML_ERROR_UNINITIALIZED);
  }
}
