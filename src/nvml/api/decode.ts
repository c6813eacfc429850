/** Readers of what a call left in memory, as JavaScript values. They are built once per call and run often. */

import { valueScalar } from '../answer.js';
import type { Bound, Out } from '../call.js';
import { nvmlFieldValue_t, nvmlValue_t } from '../generated/layouts.js';
import type { Field, Layout, ScalarType } from '../layout.js';
import { arrayAt, filledOf, itemSize, LIST_HEAD, READ, readText, roomOf } from '../memory.js';
import type { Param } from '../prototype.js';
import { ABSENT_FIELDS, COUNTED_FIELDS, TEXT_POINTERS, VALUE_TYPE_FIELDS } from './fields.js';

/** Reads the C string behind a pointer. */
export type TextAt = (pointer: bigint) => string | undefined;

/** How an nvmlValue_t is to be read: told by an earlier field or output. */
interface Context {
  valueType: number;
  readonly textAt: TextAt;
}

type Reader = (memory: Buffer, at: number, context: Context) => unknown;

const ALL_ONES: Readonly<Partial<Record<ScalarType, number | bigint>>> = {
  u32: 0xffffffff,
  i32: -1,
  u64: 0xffffffffffffffffn,
};

/** A scalar; null where it says that it is not available. */
function scalarReader(name: string, type: ScalarType): Reader {
  const read = READ[type];
  if (type === 'ptr') {
    return (memory, at) => {
      const pointer = memory.readBigUInt64LE(at);
      return pointer === 0n ? null : pointer;
    };
  }
  if (VALUE_TYPE_FIELDS.has(name)) {
    return (memory, at, context) => {
      context.valueType = memory.readUInt32LE(at);
      return context.valueType;
    };
  }
  const absent = ABSENT_FIELDS.has(name) ? ALL_ONES[type] : undefined;
  if (absent === undefined) return read;
  return (memory, at) => {
    const value = read(memory, at);
    return value === absent ? null : value;
  };
}

function itemReader(name: string, type: ScalarType | Layout): Reader {
  if (typeof type === 'string') return scalarReader(name, type);
  if (type === nvmlValue_t) return (memory, at, { valueType }) => READ[valueScalar(valueType)](memory, at);
  return structReader(type);
}

/** A field; `count` is the field beside it that says how many of its items are filled. */
function fieldReader(name: string, [type, offset, length]: Field, count: Field | undefined): Reader {
  if (type === 'ptr' && TEXT_POINTERS.has(name)) {
    return (memory, at, { textAt }) => textAt(memory.readBigUInt64LE(at)) ?? null;
  }
  if (type === 'text') return (memory, at) => readText(memory, at, length ?? 1);
  if (length === undefined) return itemReader(name, type);
  const readCount = READ[count?.[0] as ScalarType];
  const filled = (memory: Buffer, at: number): number =>
    count === undefined ? length : Math.min(Number(readCount(memory, at - offset + count[1])), length);
  if (type === 'u8') return (memory, at) => new Uint8Array(memory.subarray(at, at + filled(memory, at)));
  const read = itemsReader(name, type);
  return (memory, at, context) => read(memory, at, context, filled(memory, at));
}

type ItemsReader = (memory: Buffer, at: number, context: Context, length: number) => unknown[];

/** Items one behind the other. */
function itemsReader(name: string, type: ScalarType | Layout): ItemsReader {
  const read = itemReader(name, type);
  const size = itemSize(type);
  return (memory, at, context, length) => {
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(read(memory, at + i * size, context));
    return items;
  };
}

/** A struct as an object; its version is the library's own business. */
function structReader(layout: Layout): Reader {
  const fields = Object.entries(layout.fields).filter(([name, field]) => !isVersion(layout, name, field));
  const names = fields.map(([name]) => name);
  const offsets = fields.map(([, field]) => field[1]);
  const readers = fields.map(([name, field]) =>
    fieldReader(name, field, layout.fields[COUNTED_FIELDS[name] ?? '']),
  );
  return (memory, at, context) => {
    const out: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      out[names[i] as string] = (readers[i] as Reader)(memory, at + (offsets[i] as number), context);
    }
    return out;
  };
}

/** nvmlVgpuMetadata_t and nvmlVgpuPgpuMetadata_t tell their version; all other structs are told theirs. */
const isVersion = (layout: Layout, name: string, [, offset]: Field): boolean =>
  name === 'version' && offset === 0 && !('revision' in layout.fields);

/** Reads one output of a finished call; two for an array with another beside it. */
type OutReader = (memory: Buffer, context: Context) => unknown;

function outReaders(param: Param, out: Out): readonly OutReader[] {
  switch (out.out) {
    case 'scalar': {
      const read = scalarReader(out.name, out.type);
      if (param[0] === 'out' && param[3] === 'nvmlValueType_t') {
        const readType = scalarReader('valueType', 'u32');
        return [(memory, context) => readType(memory, 0, context)];
      }
      return [(memory, context) => read(memory, 0, context)];
    }
    case 'struct':
      return out.given ? [] : [pointedReader(out)];
    case 'text':
      return [(memory) => readText(memory, 0, out.length)];
    case 'list':
      return listReaders(param[1], out);
    case 'sized': {
      const read = itemsReader('', 'u32');
      return [
        (memory, context) => read(memory, 0, context, out.length).filter((state) => state !== UNKNOWN_PSTATE),
      ];
    }
    case 'words': {
      const read = itemsReader('', 'u64');
      return [(memory, context) => read(memory, 0, context, out.length)];
    }
    case 'fields': {
      const read = itemsReader('', nvmlFieldValue_t);
      return [
        (memory, context) => {
          const fields = read(memory, 0, context, out.ids.length) as Record<string, unknown>[];
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
  const read = structReader(layout);
  if (array === undefined) return (memory, context) => read(memory, 0, context);
  const readItems = itemsReader(array.field, array.item);
  const at = arrayAt(layout);
  return (memory, context) => {
    const object = read(memory, 0, context) as Record<string, unknown>;
    const filled = filledOf(out, memory);
    object[array.field] =
      array.item === 'u8'
        ? new Uint8Array(memory.subarray(at, at + filled))
        : readItems(memory, at, context, filled);
    return object;
  };
}

function listReaders(name: string, out: Out & { readonly out: 'list' }): readonly OutReader[] {
  const read = itemsReader(name, out.item);
  const length = (memory: Buffer): number => Math.min(memory.readUInt32LE(0), roomOf(out, memory));
  const first: OutReader = (memory, context) => read(memory, LIST_HEAD, context, length(memory));
  if (!out.beside) return [first];
  const readBeside = itemsReader('', 'u64');
  const second: OutReader = (memory, context) =>
    readBeside(memory, LIST_HEAD + itemSize(out.item) * roomOf(out, memory), context, length(memory));
  return [first, second];
}

/** Reads all outputs of a call: nothing, one value, or a tuple in the order of the parameters. */
export function resultReader(
  params: readonly Param[],
  args: readonly unknown[],
  textAt: TextAt,
): (bound: Bound) => unknown {
  const readers: (readonly [index: number, read: OutReader])[] = [];
  let index = 0;
  params.forEach((param, i) => {
    const arg = args[i];
    if (typeof arg !== 'object' || arg === null || !('out' in arg)) return;
    for (const read of outReaders(param, arg as Out)) readers.push([index, read]);
    index++;
  });
  const context: Context = { valueType: 3, textAt };
  const [only] = readers;
  if (only === undefined) return () => undefined;
  if (readers.length === 1) {
    const [at, read] = only;
    return (bound) => read(bound.memory[at] as Buffer, context);
  }
  return ({ memory }) => {
    const values: unknown[] = [];
    for (const [at, read] of readers) values.push(read(memory[at] as Buffer, context));
    return values;
  };
}
