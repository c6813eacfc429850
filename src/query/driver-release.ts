/** The release whose nvidia-smi is followed: that of the driver in use, or the one that was asked for. */

import { plainly } from '../base/plain-text.js';
import { PRESENT, type Release, releaseIn } from '../base/release.js';
import { nvmlSystemGetDriverVersion } from '../nvml/generated/entries.js';
import type { Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Asking, readOne } from './ask/asking.js';
import { SYSTEM } from './ask/subject.js';
import { fixed } from './probe.js';

const driverVersion = fixed(nvmlSystemGetDriverVersion);

/** Says what is wrong with a version. */
type Warn = (text: string) => void;

/** A driver that does not report its version, or one without a number, is taken for the present one. */
export function* releaseOf({ as }: Session, warn?: Warn): Asking<Release> {
  if (as !== undefined) return as;
  const version = yield* readOne(driverVersion, SYSTEM, '');
  if (version instanceof Missing) return PRESENT;
  const release = releaseIn(String(version));
  if (release === undefined) {
    warn?.(plainly`nvsmi: "${String(version)}" is no driver version: the layout is that of ${PRESENT}\n`);
  }
  return release ?? PRESENT;
}
