/** What the program and the process that calls NVML for it say to each other. */
import type { Status } from '../../status.js';
import type { SentCall } from './known-calls.js';

/** A call to be made. Calls of one lane are made in their order, those of different lanes side by side. */
export interface CallMessage extends SentCall {
  readonly id: number;
  readonly lane: string;
  readonly subject?: bigint | undefined;
  /** What was filled for the call: the memory of its outputs, in their order. */
  readonly given?: readonly Uint8Array[] | undefined;
}

/** To the process: calls that follow, and those that need not be made any longer. */
export interface Orders {
  /** Calls are made one after another, but for those that take long. */
  readonly isQuick: boolean;
  readonly calls: readonly CallMessage[];
  readonly dropped: readonly number[];
}

/** What came of a call. */
export interface Answered {
  readonly id: number;
  /** Undefined where the library has no such symbol. */
  readonly status: Status | undefined;
  /** The memory of the outputs, in their order. */
  readonly memory: readonly Uint8Array[];
  readonly reason?: string | undefined;
}

/** Why the process has no library to call: the parts of LibraryNotFound, or the message of another error. */
export interface NotLoaded {
  readonly name: string;
  readonly message: string;
  readonly tried?: readonly string[] | undefined;
  readonly wasNamed?: boolean | undefined;
  readonly platform?: NodeJS.Platform | undefined;
}

/** From the process. The first says how loading went. */
export type News =
  | { readonly loaded: string }
  | { readonly notLoaded: NotLoaded }
  | { readonly answers: readonly Answered[] };
