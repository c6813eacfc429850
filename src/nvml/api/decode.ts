/** Readers of what a call left in memory, as JavaScript values. They are built once per call and run often. */

import type { Bound, Out } from '../call.js';
import { nvmlFieldValue_t } from '../generated/layouts.js';
import { readers } from '../generated/readers.js';
import type { Layout, ScalarType } from '../layout.js';
import { arrayAt, filledOf, itemSize, LIST_HEAD, READ, readText, roomOf } from '../memory.js';
import type { Param } from '../prototype.js';
import { ABSENT_FIELDS } from './fields.js';
import * as read from './read.js';
import { type Context, items, type Reader, type TextAt } from './read.js';

const ABSENT: Readonly<Partial<Record<ScalarType, Reader>>> = {
  u32: read.absentU32,
  i32: read.absentI32,
  u64: read.absentU64,
};

const SCALARS: Readonly<Record<ScalarType, Reader>> = { ...READ, ptr: read.ptr };

/** A scalar; null where it says that it is not available. */
const scalarReader = (name: string, type: ScalarType): Reader =>
  (ABSENT_FIELDS.has(name) ? ABSENT[type] : undefined) ?? SCALARS[type];

function structReader(layout: Layout): Reader {
  const reader = readers.get(layout);
  if (reader === undefined) throw new Error('there is no reader for this struct');
  return reader;
}

const itemReader = (name: string, type: ScalarType | Layout): Reader =>
  typeof type === 'string' ? scalarReader(name, type) : structReader(type);

/** Reads one output of a finished call; two for an array with another beside it. */
type OutReader = (memory: Buffer, context: Context) => unknown;

function outReaders(param: Param, out: Out): readonly OutReader[] {
  switch (out.out) {
    case 'scalar': {
      const isType = param[0] === 'out' && param[3] === 'nvmlValueType_t';
      const reader = isType ? read.valueType : scalarReader(out.name, out.type);
      return [(memory, context) => reader(memory, 0, context)];
    }
    case 'struct':
      return out.given ? [] : [pointedReader(out)];
    case 'text':
      return [(memory) => readText(memory, 0, out.length)];
    case 'list':
      return listReaders(param[1], out);
    case 'sized': {
      return [
        (memory, context) =>
          items(memory, 0, context, out.length, 4, read.u32).filter((state) => state !== UNKNOWN_PSTATE),
      ];
    }
    case 'words': {
      return [(memory, context) => items(memory, 0, context, out.length, 8, read.u64)];
    }
    case 'fields': {
      const { size } = nvmlFieldValue_t;
      const field = structReader(nvmlFieldValue_t);
      return [
        (memory, context) => {
          const fields = items(memory, 0, context, out.ids.length, size, field) as Record<string, unknown>[];
          for (const field of fields) if (field.nvmlReturn !== 0) field.value = null;
          return fields;
        },
      ];
    }
  }
}

/** Fills the places that a GPU has no performance state for. */
const UNKNOWN_PSTATE = 32;

function pointedReader(out: Out & { readonly out: 'struct' }): OutReader {
  const { layout, array } = out;
  const struct = structReader(layout);
  if (array === undefined) return (memory, context) => struct(memory, 0, context);
  const item = itemReader(array.field, array.item);
  const size = itemSize(array.item);
  const at = arrayAt(layout);
  return (memory, context) => {
    const object = struct(memory, 0, context) as Record<string, unknown>;
    const filled = filledOf(out, memory);
    object[array.field] =
      array.item === 'u8' ? read.bytes(memory, at, filled) : items(memory, at, context, filled, size, item);
    return object;
  };
}

function listReaders(name: string, out: Out & { readonly out: 'list' }): readonly OutReader[] {
  const item = itemReader(name, out.item);
  const size = itemSize(out.item);
  const length = (memory: Buffer): number => Math.min(memory.readUInt32LE(0), roomOf(out, memory));
  const first: OutReader = (memory, context) => items(memory, LIST_HEAD, context, length(memory), size, item);
  if (!out.beside) return [first];
  const second: OutReader = (memory, context) =>
    items(memory, LIST_HEAD + size * roomOf(out, memory), context, length(memory), 8, read.u64);
  return [first, second];
}

/** Reads all outputs of a call: nothing, one value, or a tuple in the order of the parameters. */
export function resultReader(
  params: readonly Param[],
  args: readonly unknown[],
  textAt: TextAt,
): (bound: Bound) => unknown {
  const outs: (readonly [index: number, read: OutReader])[] = [];
  let index = 0;
  params.forEach((param, i) => {
    const arg = args[i];
    if (typeof arg !== 'object' || arg === null || !('out' in arg)) return;
    for (const reader of outReaders(param, arg as Out)) outs.push([index, reader]);
    index++;
  });
  const context: Context = { valueType: 3, textAt };
  const [only] = outs;
  if (only === undefined) return () => undefined;
  if (outs.length === 1) {
    const [at, reader] = only;
    return (bound) => reader(bound.memory[at] as Buffer, context);
  }
  return ({ memory }) => {
    const values: unknown[] = [];
    for (const [at, reader] of outs) values.push(reader(memory[at] as Buffer, context));
    return values;
  };
}
