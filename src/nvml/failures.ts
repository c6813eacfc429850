/** Why a machine cannot be opened, where NVML has no status for it. */
import { plainText } from '../base/plain-text.js';

/** A snapshot that cannot be used; the message names the file and the place in it. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';

  constructor(message: string) {
    super(plainText(message));
  }
}

/** koffi, which calls NVML, cannot be loaded: the installation is incomplete. */
export class KoffiNotFound extends Error {
  override readonly name = 'KoffiNotFound';

  constructor(override readonly cause: unknown) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    super(
      `koffi, through which NVML is called, cannot be loaded: ${reason}. Install nvsmi with its dependencies, those of koffi that are optional included (npm install koffi --include=optional); a bundler must leave nvsmi and koffi outside ("external").`,
    );
  }
}
