/** The end of an iteration that waits: by signals, or by the caller. */
import { onAbort } from '../backend/on-abort.js';

/** setTimeout takes no longer time; it makes it 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** What can end one iteration. */
export class Ending {
  #isReturned = false;
  #wake: (() => void) | undefined;

  constructor(private readonly signals: readonly AbortSignal[]) {}

  get isOver(): boolean {
    return this.#isReturned || this.signals.some(({ aborted }) => aborted);
  }

  /** Ends it, and its wait. */
  end(): void {
    this.#isReturned = true;
    this.#wake?.();
  }

  /** Waits so many milliseconds, or less where the iteration ends. */
  async pause(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((resolve) => {
      const wait = (left: number): void => {
        timer =
          left > LONGEST_MS
            ? setTimeout(() => wait(left - LONGEST_MS), LONGEST_MS)
            : setTimeout(resolve, left);
      };
      wait(milliseconds);
    });
    await this.until(passed);
    clearTimeout(timer);
  }

  /** What is waited for, or undefined as soon as the iteration ends. One wait at a time. */
  async until<T>(awaited: PromiseLike<T>): Promise<T | undefined> {
    const leaving: (() => void)[] = [];
    try {
      return await new Promise<T | undefined>((resolve, reject) => {
        awaited.then(resolve, reject);
        const wake = (): void => resolve(undefined);
        if (this.isOver) return wake();
        this.#wake = wake;
        for (const signal of this.signals) leaving.push(onAbort(signal, wake));
      });
    } finally {
      this.#wake = undefined;
      for (const leave of leaving) leave();
    }
  }
}

/** The same generator, whose return() and throw() end its current wait: otherwise they are queued after it. */
export function endedBy<T>(
  generator: AsyncGenerator<T, void, undefined>,
  ending: Ending,
): AsyncGenerator<T, void, undefined> {
  const finish = generator.return.bind(generator);
  const fail = generator.throw.bind(generator);
  return Object.assign(generator, {
    return: (value: void | PromiseLike<void>) => {
      ending.end();
      return finish(value);
    },
    throw: (error: unknown) => {
      ending.end();
      return fail(error);
    },
  });
}
