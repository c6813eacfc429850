/** What is asked as often as wanted: on this thread, with overlapping waits, or at a pace. Its names were resolved once. */
import { checkNames, checkObject } from '../nvml/functions/check.js';
import type { Session } from '../nvml/session.js';
import type { Chosen } from './chosen-gpus.js';
import type { Life } from './life.js';
import { checkWatch, ticks, WATCH_OPTIONS, type WatchOptions } from './watch.js';

/** Whom a question asks, and how long it may. */
export interface CompiledScope {
  readonly session: Session;
  readonly life: Life;
  readonly chosen: readonly Chosen[];
}

/** One way to take samples, with an asker of its own: one may wait while the other is asked. */
export interface Sampler<T> {
  /** On this thread. */
  take(): T[];
  /** With the waits of all GPUs at the same time, on worker threads. */
  takeLater(): Promise<T[]>;
}

export abstract class Compiled<T> {
  readonly #life: Life;
  #inTurn: Sampler<T> | undefined;
  #overlapping: Sampler<T> | undefined;
  #pending: Promise<T[]> | undefined;

  constructor({ life }: CompiledScope) {
    this.#life = life;
  }

  /** Makes what takes samples. */
  protected abstract sampler(): Sampler<T>;

  sample(): T[] {
    this.#life.check();
    this.#inTurn ??= this.sampler();
    return this.#inTurn.take();
  }

  /** A caller that asks while another is asking gets the same records. */
  sampleAsync(): Promise<T[]> {
    this.#pending ??= this.#overlap().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  watch(options: WatchOptions): AsyncGenerator<T[], void, undefined> {
    this.#life.check();
    checkObject('watch', options, '{ everyMs: 1000 }');
    checkNames('watch', options, WATCH_OPTIONS);
    checkWatch('watch', options);
    return ticks(() => this.sampleAsync(), options, this.#life.ended);
  }

  async #overlap(): Promise<T[]> {
    this.#life.check();
    this.#overlapping ??= this.sampler();
    const records = await this.#overlapping.takeLater();
    this.#life.check();
    return records;
  }
}
