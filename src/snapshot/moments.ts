/**
 * The moment that a recording is at. It moves when it is asked again, not with the clock, so that the same questions get the
 * same answers on a slow machine: what asks once sees the first moment, what asks again the next, and after the last it begins
 * again.
 */
import { own } from '../base/form.js';
import type { Answers } from './answer-key.js';
import type { Calls, Tick } from './snapshot-ticks.js';

/** The answers of a function now. */
export interface Current {
  answers: Answers;
  /** Counts how often they became others. */
  version: number;
}

export class Moments {
  /** By function; only those that someone has asked follow the moment. */
  private readonly current = new Map<string, Current>();
  private readonly moving: ReadonlySet<string>;
  /** 0 is the first moment, that of `calls`. */
  private at = 0;
  private rounds = 0;
  /** Who has asked at this moment. */
  private readonly seen = new Set<unknown>();
  /** Microseconds from the first moment until it begins again. */
  private readonly length: number;

  constructor(
    private readonly calls: Calls,
    private readonly ticks: readonly Tick[],
  ) {
    this.moving = new Set(ticks.flatMap((tick) => Object.keys(tick.calls)));
    const last = ticks.at(-1)?.ms ?? 0;
    // The step from the last moment to the first takes as long as the others do.
    this.length = ticks.length === 0 ? 0 : Math.round((last + last / ticks.length) * 1000);
  }

  get move(): boolean {
    return this.ticks.length > 0;
  }

  /** How much later it is than it was at the same moment of the first round, in microseconds. */
  get later(): number {
    return this.rounds * this.length;
  }

  isMoving(fn: string): boolean {
    return this.moving.has(fn);
  }

  /** The answers of a function, which follow the moment. Undefined where nothing is recorded of it. */
  of(fn: string): Current | undefined {
    const known = this.current.get(fn);
    if (known !== undefined) return known;
    const answers = own(this.calls, fn);
    if (answers === undefined) return undefined;
    const made = { answers, version: 0 };
    this.current.set(fn, made);
    for (const tick of this.ticks.slice(0, this.at)) this.change(fn, made, tick);
    return made;
  }

  /** Someone asks, or asks again: then it is the next moment, for all. */
  begin(asker: unknown): void {
    if (this.seen.has(asker)) {
      this.next();
      this.seen.clear();
    }
    this.seen.add(asker);
  }

  /** Begins with the first moment, as after a start. */
  rewind(): void {
    this.seen.clear();
    this.rounds = 0;
    if (this.at !== 0) this.restart();
  }

  private next(): void {
    const tick = this.ticks[this.at++];
    if (tick === undefined) {
      this.rounds++;
      this.restart();
    } else for (const [fn, current] of this.current) this.change(fn, current, tick);
  }

  private change(fn: string, current: Current, tick: Tick): void {
    const answers = own(tick.calls, fn);
    if (answers === undefined) return;
    // A copy: the answers of the first moment stay what they are, and no key of a file sets a prototype.
    current.answers = { ...current.answers, ...answers };
    current.version++;
  }

  private restart(): void {
    this.at = 0;
    for (const [fn, current] of this.current) {
      if (!this.moving.has(fn)) continue;
      current.answers = this.calls[fn] ?? {};
      current.version++;
    }
  }
}
