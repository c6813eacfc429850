/** What every command works with. */
import type { Io } from '../base/io.js';
import type { Release } from '../base/release.js';
import type { AnswerSource } from '../format/json.js';
import type { Driver } from '../nvml/call.js';
import type { Session } from '../nvml/session.js';
import type { Outcome } from '../query/ask/outcome.js';
import type { SystemFiles } from '../system/files.js';

/** A machine that answers: its NVML and its /proc and /sys. */
export interface Machine {
  readonly session: Session;
  /** What the answers mean for the exit status. */
  readonly outcome: Outcome;
  readonly files: SystemFiles;
  /** What machine was recorded, where the answers come from a recording. */
  readonly recorded: string | undefined;
  /** Whether something did not answer in time. */
  readonly wasLate?: () => boolean;
  /** Ends what would outlive the program. */
  readonly end?: () => Promise<void>;
}

/** What a program that watches does with news of the driver. */
export interface DriverWatch {
  /** Takes a line that says what does not answer, or answers again. */
  readonly report: (line: string) => void;
}

/** Which nvidia-smi is followed. */
export interface Followed {
  readonly release: Release;
  readonly onWindows?: boolean | undefined;
}

export interface Context {
  readonly io: Io;
  /** Milliseconds that were given to a command that times itself. */
  readonly timeout?: number | undefined;
  /** The command line as it was written, for the record of changes. */
  readonly argv?: readonly string[];
  /** Where the answers of the machine come from, if not from this one. A JSON document says so. */
  readonly source?: AnswerSource | undefined;
  /**
   * The same where the environment alone chose it. Only then do the records of an array, or of lines, say so: what a
   * command line chooses answers in the shape of a machine.
   */
  readonly environmentSource?: AnswerSource | undefined;
  /** The nvidia-smi that is followed, where that is known without NVML: help needs no machine. */
  readonly followed?: () => Promise<Followed | undefined>;
  /** Says on stderr that the environment chose a recording, where it did. `machine` does so by itself. */
  readonly announce?: () => void;
  /**
   * Opens the machine at the first call, with all of its GPUs or at least those of a list. Throws DeadLibrary or
   * SnapshotError.
   */
  machine(wanted?: string): Promise<Machine>;
  /** The same machine, with a timeout in milliseconds where none was given: for a command that times itself. */
  timed?(timeout: number, wanted?: string): Promise<Machine>;
  /** The NVML library of a machine that is opening: symbols can be looked up in it, and nothing can be asked yet. */
  readonly library?: () => Driver | undefined;
  /**
   * The same machine, and functions that change its GPUs can be called. For src/act/ alone; elsewhere a driver refuses them.
   * Where it was opened before, it is as it was opened. With a timeout NVML has to answer in that time before it is opened here;
   * what follows is never cut short.
   */
  writable?(): Promise<Machine>;
  /** The same for a plan of changes, without those functions. */
  planned?(): Promise<Machine>;
  /**
   * The same machine for a program that watches it, and may wait for no call: NVML is called in another process, with a deadline
   * where none was given. What was late shows on the screen, and not in the exit status.
   */
  watched?(watch: DriverWatch): Promise<Machine>;
}
