/** What a runtime has for a program that runs for long: Node nothing. A standalone binary has another file for this. */

export interface LongRun {
  /** Before anything is started or opened: may start the program again in its place. */
  readonly begin?: () => void;
  /** Frees memory that is not used. */
  readonly collectGarbage?: () => void;
}

export const longRun: LongRun = {};
