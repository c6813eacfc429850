/** What every command works with. */
import type { Io } from '../io.js';
import type { Driver } from '../nvml/call.js';
import type { Session } from '../nvml/session.js';
import type { SystemFiles } from '../system/files.js';

/** A machine that answers: its NVML and its /proc and /sys. */
export interface Machine {
  readonly session: Session;
  readonly files: SystemFiles;
  /** What machine was recorded, where the answers come from a recording. */
  readonly recorded: string | undefined;
}

export interface Context {
  readonly io: Io;
  /**
   * Opens the machine at the first call, with all of its GPUs or at least those of a list. Throws DeadLibrary or
   * SnapshotError.
   */
  machine(wanted?: string): Promise<Machine>;
  /** The NVML library of a machine that is opening: symbols can be looked up in it, and nothing can be asked yet. */
  readonly library?: () => Driver | undefined;
}
