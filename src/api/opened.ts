/** Opens a machine: this one's NVML, or a recorded one. */

import { openElsewhere } from '../nvml/backend/child/elsewhere.js';
import { LibraryNotFound } from '../nvml/backend/library.js';
import { checkTimeout } from '../nvml/functions/check.js';
import { openNvml } from '../nvml/functions/lifetime.js';
import { notFoundText } from '../nvml/functions/not-found.js';
import { type NvmlSource, type OpenOptions, sourceOf, type TimedOptions } from '../nvml/functions/options.js';
import { errorOf } from '../nvml/functions/raise.js';
import { openDriver } from '../nvml/functions/state.js';
import { attach, openSession, type Session, startSession } from '../nvml/session.js';
import { DeadLibrary, UncountedGpus } from '../nvml/status.js';
import { openSnapshot } from '../snapshot/machine.js';
import { machineFiles, recordedFiles, type SystemFiles } from '../system/files.js';

/** An open machine, and what ends it. */
export interface Opened {
  readonly session: Session;
  readonly files: SystemFiles;
}

/**
 * Opens a machine. A library is shared with `nvsmi/nvml`; each recording is opened by itself. Throws NVMLError,
 * SnapshotError, KoffiNotFound, and TypeError for invalid options.
 */
export function openMachine(options: OpenOptions): Opened {
  const source = sourceOf('open', options);
  return source.snapshot === undefined ? openLibrary(source) : openRecording(source.snapshot);
}

/**
 * Opens a machine in another process. A recording always answers, and needs none. Rejects with NVMLError where NVML refuses, or
 * does not answer; TypeError, RangeError for invalid options.
 */
export async function openTimedMachine({ timeout, ...options }: TimedOptions): Promise<Opened> {
  checkTimeout('open', timeout);
  const { path, snapshot } = sourceOf('open', options);
  if (snapshot !== undefined) return openRecording(snapshot);
  const { driver, end } = openElsewhere({ path, timeout, opensForSample: false, report: () => undefined });
  try {
    const session = await startSession(driver);
    return { session: { ...session, close: () => void end() }, files: machineFiles };
  } catch (error) {
    await end();
    if (error instanceof LibraryNotFound) throw errorOf(error.status, 'open', notFoundText(error));
    throw error instanceof DeadLibrary ? refusalOf(error) : error;
  }
}

function openLibrary(source: NvmlSource): Opened {
  const nvml = openNvml(source);
  const driver = openDriver();
  if (driver === undefined) throw new Error('NVML is open, but nothing answers');
  try {
    return { session: { driver, gpus: attach(driver), close: () => nvml.close() }, files: machineFiles };
  } catch (error) {
    nvml.close();
    throw error instanceof DeadLibrary ? refusalOf(error) : error;
  }
}

function refusalOf(error: DeadLibrary): Error {
  if (!UncountedGpus.isOne(error)) return errorOf(error.status, 'nvmlInit', error.message);
  return errorOf(error.status, 'nvmlDeviceGetCount', `${error.message}: ${error.reason}`);
}

function openRecording(given: string | object): Opened {
  const { driver, snapshot } = openSnapshot(given);
  try {
    return { session: openSession(driver), files: recordedFiles(snapshot.files) };
  } catch (error) {
    throw error instanceof DeadLibrary ? refusalOf(error) : error;
  }
}
