/**
 * Calls made one after another on the main thread of the process that calls NVML. A thread for each costs 0.1 to 0.2 ms a call, and
 * `-q` makes 130 a GPU. One that never returns holds up all others then: another process, with threads, makes those again.
 */
import type { FunctionName } from '../../generated/functions.js';

/** Calls that take 7 ms and more (H100, bench/call-costs-h100.tsv), or as long as there is no event: they hold up no others. */
const LONG =
  /^nvml(Init|Device(GetHandleBy|ValidateInforom|GetInforomConfigurationChecksum|GetPcieThroughput|GetPerformanceModes)|(System)?EventSetWait)/;

export const takesLong = (fn: FunctionName): boolean => LONG.test(fn);

/** What belongs to one process for good, and is not found in another: its program stays with threads. */
const BOUND_TO_PROCESS: ReadonlySet<FunctionName> = new Set(['nvmlEventSetCreate', 'nvmlGpmSampleAlloc']);

export const isBoundToProcess = (fn: FunctionName): boolean => BOUND_TO_PROCESS.has(fn);

/** Milliseconds without an answer after which another process is started: a fifth of the timeout, and not more than this. */
const LONGEST_STALL = 500;

export const stallOf = (timeout: number): number => Math.min(timeout / 5, LONGEST_STALL);

/**
 * Whether there would be time for another process, on a machine that took so long to open NVML: where it is busy, calls have threads
 * from the beginning.
 */
export const leavesTime = (rest: number, stall: number, opening: number): boolean =>
  rest > 2 * (stall + 2 * opening);

/** Milliseconds of calls after which what has been answered is sent, and orders are read. */
export const SLICE = 4;
