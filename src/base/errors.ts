/** Errors that end the program with a message, and their exit statuses. */
import { plainText } from './plain-text.js';

/**
 * Exit statuses of nvidia-smi. From 3 on they are NVML's own status numbers: 3 not supported, 4 no permission,
 * 6 no such device, 9 driver not loaded, 12 library not found, 14 infoROM corrupt, 15 GPU lost.
 */
export const EXIT = {
  ok: 0,
  /** Ours: output could not be written, or koffi is missing. */
  broken: 1,
  usage: 2,
  /** Ours: some hosts of a fleet did not answer. */
  partial: 5,
  noDevice: 6,
  corruptInforom: 14,
  /** Ours: NVML, or a fleet, did not answer in time; timeout(1) ends with it, too. */
  noAnswer: 124,
  /** A closed pipe: what a shell reports of a program that SIGPIPE ended. */
  closedPipe: 141,
  /** Also an NVML status that does not fit an exit status: 999, unknown error (H100, 580.159.04). */
  unknownOption: 255,
} as const;

/** A command line that cannot be carried out. Its message goes to stdout, where nvidia-smi puts it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(
    message: string,
    readonly status: number = EXIT.usage,
    /** More for a person, on stderr. */
    readonly hint?: string,
    /** What follows the message; nvidia-smi forgets the line's end once. */
    readonly ending: '\n' | '' = '\n',
  ) {
    super(message);
  }
}

/** Output that could not be written: a full disk, a closed file. */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  constructor(message: string) {
    super(plainText(message));
  }
}

/** The reader of our output went away. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}
