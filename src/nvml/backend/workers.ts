/**
 * Shares the threads of libuv's pool among all calls. Those beyond their number wait until one has ended.
 *
 * The files, names and hashes of the program use the same threads, and a call of NVML may never return: one thread is always
 * left to the program, and what waits fails once nothing ends any more.
 */
import { endWithCallsRunning } from './exit.js';

/** koffi refuses more than 256 calls at a time (3.3), those of others in this process included. */
const MOST_AT_ONCE = 128;

/** Milliseconds without the end of any call, after which those that wait for a thread fail. */
const PATIENCE = 10_000;

/** A call that was never made: all threads have calls that do not return. */
export class StuckThreads extends Error {
  override readonly name = 'StuckThreads';

  constructor(running: number) {
    super(
      `not asked: ${running} earlier ${running === 1 ? 'call holds' : 'calls hold'} all threads that NVML may use, and none has returned for ${PATIENCE / 1000} s`,
    );
  }
}

interface Waiting {
  begin(): void;
  fail(error: StuckThreads): void;
}

let running = 0;
let waiting: Waiting[] = [];
let patience: NodeJS.Timeout | undefined;

const areRunning = (): boolean => running > 0;

/** The size of the pool, as libuv reads it, but for one. */
function room(): number {
  const size = Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '4', 10);
  return Math.max(1, Math.min(MOST_AT_ONCE, (size || 1) - 1));
}

/**
 * Makes a call as soon as there is room. `call` is given the callback for its end, or throws.
 *
 * @throws StuckThreads where it could not be made
 */
export function onWorker<T>(call: (done: (error: unknown, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, fail) => {
    const begin = (): void => {
      running++;
      try {
        call((error, result) => {
          leave();
          if (error) fail(error);
          else resolve(result);
        });
      } catch (error) {
        leave();
        fail(error);
      }
    };
    endWithCallsRunning(areRunning);
    if (running < room()) begin();
    else wait({ begin, fail });
  });
}

function wait(one: Waiting): void {
  waiting.push(one);
  patience ??= setTimeout(giveUp, PATIENCE);
}

function leave(): void {
  running--;
  const next = waiting.shift();
  if (waiting.length > 0) patience?.refresh();
  else stopWaiting();
  next?.begin();
}

function stopWaiting(): void {
  clearTimeout(patience);
  patience = undefined;
}

function giveUp(): void {
  const given = waiting;
  waiting = [];
  stopWaiting();
  for (const { fail } of given) fail(new StuckThreads(running));
}
