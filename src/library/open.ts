/** Opens a machine: this one's NVML, or a recorded one. */
import { openNvml } from '../nvml/api/lifetime.js';
import { type OpenOptions, type Source, sourceOf } from '../nvml/api/options.js';
import { errorOf } from '../nvml/api/raise.js';
import { openDriver } from '../nvml/api/state.js';
import { openSnapshot } from '../nvml/machine.js';
import { attach, openSession, type Session } from '../nvml/session.js';
import { DeadLibrary, UncountedGpus } from '../nvml/status.js';
import { machineFiles, recordedFiles, type SystemFiles } from '../system/files.js';

/** An open machine, and what ends it. */
export interface Opened {
  readonly session: Session;
  readonly files: SystemFiles;
}

/**
 * Opens a machine. A library is shared with `nvsmi/nvml`; recordings stand each for themselves. Throws NVMLError,
 * SnapshotError, KoffiNotFound, and TypeError for invalid options.
 */
export function openMachine(options: OpenOptions): Opened {
  const source = sourceOf('open', options);
  return source.snapshot === undefined ? openLibrary(source) : openRecording(source.snapshot);
}

function openLibrary(source: Source): Opened {
  const nvml = openNvml(source);
  const driver = openDriver();
  if (driver === undefined) throw new Error('NVML is open, but nobody answers');
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

function openRecording(name: string): Opened {
  const { driver, snapshot } = openSnapshot(name);
  try {
    return { session: openSession(driver), files: recordedFiles(snapshot.files) };
  } catch (error) {
    throw error instanceof DeadLibrary ? refusalOf(error) : error;
  }
}
