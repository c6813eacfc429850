/** A probe made ready for one subject: runs its call, falls back to older ones, and reads what came back. */

import {
  type Bound,
  type Driver,
  type FieldId,
  type Handle,
  isOut,
  type Out,
  SUBJECT,
} from '../nvml/call.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_GPU_IS_LOST } from '../nvml/generated/constants.js';
import { nvmlFieldValue_t } from '../nvml/generated/layouts.js';
import type { Field, Layout, ScalarType } from '../nvml/layout.js';
import { filledOf, itemSize, LIST_HEAD, READ, readText, valueScalar } from '../nvml/memory.js';
import { isTooNew, Missing, NOT_SUPPORTED, type Status } from '../nvml/status.js';
import type { Probe } from './probe.js';

export type Value = number | bigint | string;
export type Reading = Value | Missing;

/** Reads one value out of the last answer. */
export type Reader = () => Reading;

/** What a row can read from: one or more outputs, addressed by path. */
export interface View {
  /** A value by path: an output's name, a struct's field, `utilization.2.percentage`; '' for text. */
  read(path: string): Reading;
  /** The same value as a number, 0 where it is absent. Only for outputs that every success sets. */
  number(path: string): number;
  text(path: string): string;
}

/** A path within the answer, or a function where one reading is made of several values. */
export type Pick = string | ((view: View) => Reading);

type MemoryReader = (memory: Buffer) => Reading;

const ABSENT: Readonly<Partial<Record<ScalarType, Value>>> = {
  u32: 0xffffffff,
  u64: 0xffffffffffffffffn,
};

/** NVML marks "not available" by all ones; that is absence, never a number. */
function scalarReader(type: ScalarType, at: number): MemoryReader {
  const read = READ[type];
  const absent = ABSENT[type];
  if (absent === undefined) return (memory) => read(memory, at);
  return (memory) => {
    const value = read(memory, at);
    return value === absent ? NOT_SUPPORTED : value;
  };
}

function fieldReader(layout: Layout, path: readonly string[], base: number): MemoryReader | undefined {
  const [name, ...rest] = path;
  const field = name === undefined ? undefined : layout.fields[name];
  if (field === undefined) return undefined;
  return elementReader(field, rest, base);
}

function elementReader(
  [type, offset, length]: Field,
  path: readonly string[],
  base: number,
): MemoryReader | undefined {
  const at = base + offset;
  if (type === 'text') return (memory) => readText(memory, at, length ?? 1);
  if (length === undefined) {
    return typeof type === 'string' ? scalarReader(type, at) : fieldReader(type, path, at);
  }
  const [index, ...rest] = path;
  const place = at + Number(index) * itemSize(type);
  return typeof type === 'string' ? scalarReader(type, place) : fieldReader(type, rest, place);
}

/** Whether a call has one scalar output, which is its value whatever the function calls it. */
const isAlone = (outs: readonly Out[]): boolean => outs.filter(({ out }) => out === 'scalar').length === 1;

/**
 * Finds a path in a call's outputs: which output, and how to read it there. `1/name` is sought in the output
 * of that number only, where a call fills two structs of one type.
 */
function locate(bound: Bound, path: string): { out: number; read: MemoryReader } | undefined {
  const outs = bound.call.args.filter(isOut);
  const [, only, inside = path] = /^(\d+)\/(.+)$/.exec(path) ?? [];
  for (const [i, out] of outs.entries()) {
    if (only !== undefined && i !== Number(only)) continue;
    let read: MemoryReader | undefined;
    if (out.out === 'text' && inside === '') read = (memory) => readText(memory, 0, out.length);
    if (out.out === 'scalar' && (out.name === inside || (inside === 'value' && isAlone(outs)))) {
      read = scalarReader(out.type, 0);
    }
    if (out.out === 'struct') read = fieldReader(out.layout, inside.split('.'), 0);
    if (read !== undefined) return { out: i, read };
  }
  return undefined;
}

/** A view whose absent values count as 0 and are spelled as nothing. */
abstract class Readable implements View {
  abstract read(path: string): Reading;

  number(path: string): number {
    const value = this.read(path);
    return value instanceof Missing ? 0 : Number(value);
  }

  text(path: string): string {
    const value = this.read(path);
    return value instanceof Missing ? '' : String(value);
  }
}

/** A probe about one subject, with its last answer. */
export class BoundProbe extends Readable {
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
    super();
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
      reader = this.compile(path);
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

  /** Items of the answer's list, each as a view. */
  items(): readonly View[] {
    if (this.status !== 0 || this.bound === undefined) return [];
    const outs = this.bound.call.args.filter(isOut);
    const index = outs.findIndex((out) => out.out === 'list');
    const out = outs[index];
    const memory = this.bound.memory[index];
    if (out?.out !== 'list' || memory === undefined) return [];
    const size = itemSize(out.item);
    return Array.from(
      { length: filledOf(out, memory) },
      (_, i) => new Item(memory, LIST_HEAD + i * size, out.item),
    );
  }

  /** The memory of an output, for what no path describes (bit sets, raw blocks). */
  memory(out = 0): Buffer | undefined {
    return this.status === 0 ? this.bound?.memory[out] : undefined;
  }

  private compile(path: string): Reader {
    let of: Bound | undefined;
    let out = 0;
    let read: MemoryReader = () => NOT_SUPPORTED;
    return () => {
      if (this.status !== 0) return Missing.of(this.status);
      const bound = this.bound as Bound;
      if (of !== bound) {
        of = bound;
        const place = locate(bound, path);
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
      const bound = call === undefined ? undefined : this.driver.bind(call, this.subject);
      if (bound !== undefined) {
        this.bound = bound;
        return true;
      }
    }
    return false;
  }
}

/** One item of a list answer. */
class Item extends Readable {
  constructor(
    private readonly memory: Buffer,
    private readonly at: number,
    private readonly type: Layout | ScalarType,
  ) {
    super();
  }

  read(path: string): Reading {
    const read =
      typeof this.type === 'string'
        ? scalarReader(this.type, this.at)
        : fieldReader(this.type, path.split('.'), this.at);
    return read === undefined ? NOT_SUPPORTED : read(this.memory);
  }
}

/** Field ids of a subject that are asked in one call. */
export class BoundFields {
  private readonly bound: Bound | undefined;
  private status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;

  constructor(
    ids: readonly FieldId[],
    private readonly driver: Driver,
    subject: Handle | undefined,
    unreachable: Status = 0,
  ) {
    if (unreachable !== 0) this.status = unreachable;
    else {
      this.bound = driver.bind(
        { fn: 'nvmlDeviceGetFieldValues', args: [SUBJECT, { out: 'fields', ids }] },
        subject,
      );
    }
  }

  run(): void {
    if (this.bound !== undefined) this.status = this.bound.run();
  }

  /** A reader of the index-th field id. */
  reader(index: number): Reader {
    const at = index * nvmlFieldValue_t.size;
    const statusAt = at + nvmlFieldValue_t.fields.nvmlReturn[1];
    const typeAt = at + nvmlFieldValue_t.fields.valueType[1];
    const valueAt = at + nvmlFieldValue_t.fields.value[1];
    return () => {
      if (this.status !== 0 || this.bound === undefined) return Missing.of(this.status);
      const memory = this.bound.memory[0] as Buffer;
      const status = memory.readUInt32LE(statusAt);
      if (status !== 0) return this.missing(status);
      const type = valueScalar(memory.readUInt32LE(typeAt));
      const value = READ[type](memory, valueAt);
      return value === ABSENT[type] ? NOT_SUPPORTED : value;
    };
  }

  /** The call may succeed and each of its values say that the GPU is lost. */
  private missing(status: Status): Missing {
    if (status === NVML_ERROR_GPU_IS_LOST) this.driver.sawLostGpu = true;
    return Missing.of(status);
  }
}
