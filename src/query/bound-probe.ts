/** A probe made ready for one subject: runs its call, falls back to older ones, and reads what came back. */

import { type Bound, type Driver, type Handle, isOut } from '../nvml/call.js';
import {
  NVML_ERROR_FUNCTION_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
  NVML_ERROR_UNKNOWN,
} from '../nvml/generated/constants.js';
import { filledOf, itemSize, LIST_HEAD } from '../nvml/memory.js';
import { isTooNew, Missing, NOT_SUPPORTED, type Status } from '../nvml/status.js';
import type { Probe } from './probe.js';
import { elementsOf, Item, locate, type MemoryReader, type Reader, type Reading, type View } from './view.js';

export type { Reader, Reading, Value, View } from './view.js';

/** A path within the answer, or a function where one reading is made of several values. */
export type Pick = string | ((view: View) => Reading);

/** A probe about one subject, with its last answer. */
export class BoundProbe implements View {
  private bound: Bound | undefined;
  private next = 0;
  private readonly readers = new Map<string, Reader>();
  status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;

  constructor(
    readonly probe: Probe,
    private readonly driver: Driver,
    private readonly subject: Handle | undefined,
    /** Why the subject cannot be asked, e.g. a GPU that fell off the bus. */
    unreachable: Status = 0,
  ) {
    if (unreachable === 0) this.fallBack();
    else this.status = unreachable;
  }

  run(): void {
    while (this.bound !== undefined) {
      this.status = this.bound.run();
      if (!isTooNew(this.status) || !this.fallBack()) return;
    }
  }

  async start(): Promise<void> {
    while (this.bound !== undefined) {
      this.status = await this.bound.start();
      if (!isTooNew(this.status) || !this.fallBack()) return;
    }
  }

  /** A reader of one path. The path is resolved once, and once more when an older call has to answer. */
  reader(path: string): Reader {
    let reader = this.readers.get(path);
    if (reader === undefined) {
      reader = this.compile(path, false);
      this.readers.set(path, reader);
    }
    return reader;
  }

  pick(pick: Pick): Reader {
    if (typeof pick === 'string') return this.reader(pick);
    return () => (this.status === 0 ? pick(this) : Missing.of(this.status));
  }

  read(path: string): Reading {
    return this.reader(path)();
  }

  raw(path: string): Reading {
    return this.compile(path, true)();
  }

  /**
   * Items of the answer's list, each as a view, or why there is no list. `none` are the statuses by which NVML says that the
   * list is empty.
   */
  items(none: readonly Status[] = []): readonly View[] | Missing {
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

  /**
   * The first elements of an array within a struct, as many as another of its members counts. A count beyond the array is
   * garbage.
   */
  elements(counted: string, array: string): readonly View[] | Missing {
    const count = this.raw(counted);
    if (count instanceof Missing) return count;
    const out = this.bound?.call.args.filter(isOut)[0];
    const memory = this.bound?.memory[0];
    if (out?.out !== 'struct' || memory === undefined) throw new Error(`${this.probe.name} is no struct`);
    return elementsOf(out.layout, memory, array, Number(count)) ?? this.refusal(NVML_ERROR_UNKNOWN);
  }

  /**
   * Why what this asked for cannot be listed, where its answer begins a list or counts it. The exit status follows, but for
   * NOT_SUPPORTED: such a GPU has nothing of the kind.
   */
  refusal(status = this.status): Missing {
    if (status !== NVML_ERROR_NOT_SUPPORTED) this.driver.refusedList ??= status;
    return Missing.of(status);
  }

  /** The memory of an output, for what no path describes (bit sets, raw blocks). */
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
    while (this.next < this.probe.calls.length) {
      const call = this.probe.calls[this.next++];
      const bound = call === undefined ? undefined : this.driver.bind(call, this.subject);
      if (bound !== undefined) {
        this.bound = bound;
        return true;
      }
    }
    return false;
  }
}
