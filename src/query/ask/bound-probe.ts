/** A probe made ready for one subject: runs its call, falls back to older ones, and reads what came back. */

import { type Bound, type Driver, isOut, type Waiter } from '../../nvml/call.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_UNKNOWN } from '../../nvml/generated/constants.js';
import { filledOf, itemSize, LIST_HEAD } from '../../nvml/memory.js';
import { isTooNew, Missing, NOT_SUPPORTED, type Status } from '../../nvml/status.js';
import type { Probe } from '../probe.js';
import type { Answer, AnswerView, Pick, Reader, Reading } from '../reading.js';
import type { Outcome } from './outcome.js';
import type { Subject } from './subject.js';
import { elementsOf, Item, locate, type MemoryReader } from './view.js';

/** A probe about one subject, with its last answer. */
export class BoundProbe implements Answer {
  private bound: Bound | undefined;
  private next = 0;
  private readonly readers = new Map<string, Reader>();
  status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;

  constructor(
    readonly probe: Probe,
    private readonly driver: Driver,
    private readonly subject: Subject,
    private readonly outcome: Outcome,
  ) {
    if (subject.status === 0) this.fallBack();
    else this.status = subject.status;
  }

  run(): void {
    while (this.bound !== undefined) {
      this.answered(this.bound.run());
      if (!isTooNew(this.status) || !this.fallBack()) return;
    }
  }

  async start(): Promise<void> {
    while (this.bound !== undefined) {
      const status = await this.bound.start();
      // A function that the library lacks answers nothing: what a newer one said counts.
      if (!this.bound.isMissing) this.answered(status);
      if (!isTooNew(status) || !this.fallBack()) return;
    }
  }

  /** The same without a promise for each call. */
  begin(waiter: Waiter<void>): void {
    const { bound } = this;
    if (bound?.begin === undefined) {
      this.start().then(waiter.resolve, waiter.reject);
      return;
    }
    bound.begin({
      resolve: (status) => {
        if (!bound.isMissing) this.answered(status);
        if (isTooNew(status) && this.fallBack()) this.begin(waiter);
        else waiter.resolve();
      },
      reject: waiter.reject,
    });
  }

  private answered(status: Status): void {
    this.status = status;
    if (this.subject.handle !== undefined) this.outcome.answered(status);
  }

  /** A reader of one path. The path is resolved once, and again when an older call has to answer. */
  reader(path: string, raw = false): Reader {
    const key = raw ? `raw ${path}` : path;
    let reader = this.readers.get(key);
    if (reader === undefined) {
      reader = this.compile(path, raw);
      this.readers.set(key, reader);
    }
    return reader;
  }

  pick(pick: Pick, raw = false): Reader {
    if (typeof pick === 'string') return this.reader(pick, raw);
    return () => (this.status === 0 ? pick(this) : Missing.of(this.status));
  }

  read(path: string): Reading {
    return this.reader(path)();
  }

  raw(path: string): Reading {
    return this.reader(path, true)();
  }

  items(none: readonly Status[] = []): readonly AnswerView[] | Missing {
    if (none.includes(this.status)) return [];
    if (this.status !== 0 || this.bound === undefined) return this.refusal();
    const outs = this.bound.call.args.filter(isOut);
    const index = outs.findIndex((out) => out.out === 'list');
    const out = outs[index];
    const memory = this.bound.memory[index];
    if (out?.out !== 'list' || memory === undefined) throw new Error(`${this.probe.name} is no list`);
    const size = itemSize(out.item);
    return Array.from(
      { length: filledOf(out, memory) },
      (_, i) => new Item(memory, LIST_HEAD + i * size, out.item),
    );
  }

  elements(counted: string, array: string): readonly AnswerView[] | Missing {
    const count = this.raw(counted);
    if (count instanceof Missing) return count;
    const out = this.bound?.call.args.filter(isOut)[0];
    const memory = this.bound?.memory[0];
    if (out?.out !== 'struct' || memory === undefined) throw new Error(`${this.probe.name} is no struct`);
    return elementsOf(out.layout, memory, array, Number(count)) ?? this.refusal(NVML_ERROR_UNKNOWN);
  }

  refusal(status = this.status): Missing {
    this.outcome.refused(status);
    return Missing.of(status);
  }

  memory(out = 0): Buffer | undefined {
    return this.status === 0 ? this.bound?.memory[out] : undefined;
  }

  private compile(path: string, raw: boolean): Reader {
    let of: Bound | undefined;
    let out = 0;
    let read: MemoryReader = () => NOT_SUPPORTED;
    return () => {
      if (this.status !== 0) return Missing.of(this.status);
      const bound = this.bound as Bound;
      if (of !== bound) {
        of = bound;
        const place = locate(bound, path, raw);
        out = place?.out ?? 0;
        read = place?.read ?? (() => NOT_SUPPORTED);
      }
      return read(bound.memory[out] as Buffer);
    };
  }

  /** Binds the next older call that the library has. */
  private fallBack(): boolean {
    const calls = this.probe.calls();
    while (this.next < calls.length) {
      const call = calls[this.next++];
      const bound = call === undefined ? undefined : this.driver.bind(call, this.subject.handle);
      if (bound !== undefined) {
        this.bound = bound;
        return true;
      }
    }
    return false;
  }
}
