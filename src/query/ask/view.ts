/** How values are read out of the memory that a call left: by a path, from a place that is worked out once. */

import { type Bound, isOut, type Out } from '../../nvml/call.js';
import type { Layout, ScalarType, StructField } from '../../nvml/layout.js';
import { fieldOf, itemSize, READ, readText } from '../../nvml/memory.js';
import { ALL_ONES, NOT_SUPPORTED } from '../../nvml/status.js';
import type { AnswerView, Reading, Value } from '../reading.js';

export type MemoryReader = (memory: Buffer) => Reading;

export const ABSENT: Readonly<Partial<Record<ScalarType, Value>>> = {
  u32: 0xffffffff,
  u64: 0xffffffffffffffffn,
};

/** NVML marks "not available" by all ones; that is absence, never a number. `raw` takes it for one all the same. */
function scalarReader(type: ScalarType, at: number, raw: boolean): MemoryReader {
  const read = READ[type];
  const absent = raw ? undefined : ABSENT[type];
  if (type === 'f64') return (memory) => finite(read(memory, at));
  if (absent === undefined) return (memory) => read(memory, at);
  return (memory) => {
    const value = read(memory, at);
    return value === absent ? ALL_ONES : value;
  };
}

/** A floating point number may be none: an average of nothing. */
export const finite = (value: Value): Reading => (Number.isFinite(value) ? value : NOT_SUPPORTED);

function fieldReader(
  layout: Layout,
  path: readonly string[],
  base: number,
  raw: boolean,
): MemoryReader | undefined {
  const [name, ...rest] = path;
  const field = name === undefined ? undefined : layout.fields[name];
  if (field === undefined) return undefined;
  return elementReader(field, rest, base, raw);
}

function elementReader(
  [type, offset, length]: StructField,
  path: readonly string[],
  base: number,
  raw: boolean,
): MemoryReader | undefined {
  const at = base + offset;
  if (type === 'text') return (memory) => readText(memory, at, length ?? 1);
  if (length === undefined) {
    return typeof type === 'string' ? scalarReader(type, at, raw) : fieldReader(type, path, at, raw);
  }
  const [index, ...rest] = path;
  if (!(Number(index) < length)) return undefined;
  const place = at + Number(index) * itemSize(type);
  return typeof type === 'string' ? scalarReader(type, place, raw) : fieldReader(type, rest, place, raw);
}

/** Whether a call has one scalar output, which is its value whatever the function calls it. */
const isAlone = (outs: readonly Out[]): boolean => outs.filter(({ out }) => out === 'scalar').length === 1;

/**
 * Finds a path in a call's outputs: which output, and how to read it there. `1/name` is sought in the output
 * of that number only, where a call fills two structs of one type.
 */
export function locate(
  bound: Bound,
  path: string,
  raw: boolean,
): { out: number; read: MemoryReader } | undefined {
  const outs = bound.call.args.filter(isOut);
  const [, only, inside = path] = /^(\d+)\/(.+)$/.exec(path) ?? [];
  for (const [i, out] of outs.entries()) {
    if (only !== undefined && i !== Number(only)) continue;
    let read: MemoryReader | undefined;
    if (out.out === 'text' && inside === '') read = (memory) => readText(memory, 0, out.length);
    if (out.out === 'scalar' && (out.name === inside || (inside === 'value' && isAlone(outs)))) {
      read = scalarReader(out.type, 0, raw);
    }
    if (out.out === 'struct') read = fieldReader(out.layout, inside.split('.'), 0, raw);
    if (read !== undefined) return { out: i, read };
  }
  return undefined;
}

/** One item of a list answer. */
export class Item implements AnswerView {
  constructor(
    private readonly memory: Buffer,
    private readonly at: number,
    private readonly type: Layout | ScalarType,
  ) {}

  read(path: string): Reading {
    return this.find(path, false);
  }

  raw(path: string): Reading {
    return this.find(path, true);
  }

  private find(path: string, raw: boolean): Reading {
    const read =
      typeof this.type === 'string'
        ? scalarReader(this.type, this.at, raw)
        : fieldReader(this.type, path.split('.'), this.at, raw);
    return read === undefined ? NOT_SUPPORTED : read(this.memory);
  }
}

/** The first elements of an array within a struct; undefined where it has not so many. */
export function elementsOf(
  layout: Layout,
  memory: Buffer,
  path: string,
  count: number,
): readonly AnswerView[] | undefined {
  let inside: Layout = layout;
  let at = 0;
  for (const name of path.split('.')) {
    const [type, offset, length] = fieldOf(inside, name);
    at += offset;
    if (typeof type === 'string') throw new Error(`${path} is no array of structs`);
    inside = type;
    if (length === undefined) continue;
    if (count > length) return undefined;
    return Array.from({ length: count }, (_, i) => new Item(memory, at + i * itemSize(type), type));
  }
  throw new Error(`${path} is no array`);
}
