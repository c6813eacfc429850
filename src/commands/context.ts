/** What every command works with. */
import type { Io } from '../io.js';
import type { Driver } from '../nvml/call.js';
import type { Session } from '../nvml/session.js';
import type { Outcome } from '../query/ask/outcome.js';
import type { AnswerSource } from '../render/json.js';
import type { SystemFiles } from '../system/files.js';

/** A machine that answers: its NVML and its /proc and /sys. */
export interface Machine {
  readonly session: Session;
  /** What the answers mean for the exit status. */
  readonly outcome: Outcome;
  readonly files: SystemFiles;
  /** What machine was recorded, where the answers come from a recording. */
  readonly recorded: string | undefined;
}

export interface Context {
  readonly io: Io;
  /** Where the answers of the machine come from, if not from this one. A JSON document says so. */
  readonly source?: AnswerSource | undefined;
  /**
   * The same where the environment alone chose it. Only then do the records of an array, or of lines, say so: what a
   * command line chooses answers in the shape of a machine.
   */
  readonly environmentSource?: AnswerSource | undefined;
  /** Says on stderr that the environment chose a recording, where it did. `machine` does so by itself. */
  readonly announce?: () => void;
  /**
   * Opens the machine at the first call, with all of its GPUs or at least those of a list. Throws DeadLibrary or
   * SnapshotError.
   */
  machine(wanted?: string): Promise<Machine>;
  /** The NVML library of a machine that is opening: symbols can be looked up in it, and nothing can be asked yet. */
  readonly library?: () => Driver | undefined;
}
