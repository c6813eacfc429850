/** Shares koffi's worker threads among all calls. Calls beyond their number wait until one has ended. */

/** koffi refuses more than 256 calls at a time (3.3), those of others in this process included. */
const MOST_AT_ONCE = 128;

let running = 0;
const waiting: (() => void)[] = [];

/** Makes a call as soon as there is room. `call` is given the callback for its end, or throws. */
export function onWorker<T>(call: (done: (error: unknown, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const begin = (): void => {
      running++;
      try {
        call((error, result) => {
          leave();
          if (error) reject(error);
          else resolve(result);
        });
      } catch (error) {
        leave();
        reject(error);
      }
    };
    if (running < MOST_AT_ONCE) begin();
    else waiting.push(begin);
  });
}

function leave(): void {
  running--;
  waiting.shift()?.();
}
