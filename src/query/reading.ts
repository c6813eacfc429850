/** What was read: a value, or why there is none; and the ways into an answer of NVML. */
import type { Missing, Status } from '../nvml/status.js';

export type Value = number | bigint | string;
export type Reading = Value | Missing;

/** Reads one value out of the last answer. */
export type Reader = () => Reading;

/** What a field can read from: one or more outputs, addressed by path. */
export interface AnswerView {
  /**
   * A value by path: an output's name, a struct's field, `utilization.2.percentage`; '' for text. A number of all ones is
   * absent.
   */
  read(path: string): Reading;
  /** The same where all ones are a value: the id of a process. */
  raw(path: string): Reading;
}

/** What NVML answered to a question: a view of the answer, or the status that says why there is none. */
export interface Answer extends AnswerView {
  readonly status: Status;
  /** A reader of one value, which follows the answer from tick to tick. `raw` takes all ones for a value. */
  pick(pick: Pick, raw?: boolean): Reader;
  /**
   * Items of the answer's list, each as a view, or why there is no list. `none` are the statuses by which NVML says that the
   * list is empty.
   */
  items(none?: readonly Status[]): readonly AnswerView[] | Missing;
  /**
   * The first elements of an array within a struct, as many as another of its members counts. A count beyond the array is
   * garbage.
   */
  elements(counted: string, array: string): readonly AnswerView[] | Missing;
  /**
   * Why what this asked for cannot be listed, where its answer begins a list or counts it. The exit status follows, but for
   * NOT_SUPPORTED: such a GPU has nothing of the kind.
   */
  refusal(status?: Status): Missing;
  /** The memory of an output, for what no path describes (bit sets, raw blocks). */
  memory(out?: number): Buffer | undefined;
}

/** A path within the answer, or a function where one reading is made of several values. */
export type Pick = string | ((answer: Answer) => Reading);
