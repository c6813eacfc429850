/** Readers of what a call left in memory, as JavaScript values. They are built once per call and run often. */

import type { Bound, Out } from '../call.js';
import { nvmlFieldValue_t } from '../generated/layouts.js';
import { readers } from '../generated/readers.js';
import type { Layout, ScalarType } from '../layout.js';
import { arrayAt, filledOf, itemSize, LIST_HEAD, roomOf } from '../memory.js';
import type { Param } from '../prototype.js';
import { ABSENT_FIELDS } from './fields.js';
import * as read from './read.js';
import { items, type ReadContext, type StructReader, type TextAt } from './read.js';

const ABSENT: Readonly<Partial<Record<ScalarType, StructReader>>> = {
  u32: read.absentU32,
  i32: read.absentI32,
  u64: read.absentU64,
};

/** A scalar; null where it says that it is not available. */
const scalarReader = (name: string, type: ScalarType): StructReader =>
  (ABSENT_FIELDS.has(name) ? ABSENT[type] : undefined) ?? read.SCALARS[type];

function structReader(layout: Layout): StructReader {
  const reader = readers.get(layout);
  if (reader === undefined) throw new Error('there is no reader for this struct');
  return reader;
}

const itemReader = (name: string, type: ScalarType | Layout): StructReader =>
  typeof type === 'string' ? scalarReader(name, type) : structReader(type);

/** Reads one output of a finished call; two for a pair of arrays. */
type OutReader = (view: DataView, context: ReadContext) => unknown;

function outReaders(param: Param, out: Out): readonly OutReader[] {
  switch (out.out) {
    case 'scalar': {
      const isType = param[0] === 'out' && param[3] === 'nvmlValueType_t';
      const scalar = isType ? read.valueType : scalarReader(out.name, out.type);
      return [(view, context) => scalar(view, 0, context)];
    }
    case 'struct':
      return out.given ? [] : [pointedReader(out)];
    case 'text':
      return [(_view, context) => read.text(context, 0, out.length)];
    case 'list':
      return listReaders(param[1], out);
    case 'sized':
      return [
        (view, context) =>
          items(view, 0, context, out.length, 4, read.u32).filter((state) => state !== UNKNOWN_PSTATE),
      ];
    case 'words':
      return [(view, context) => items(view, 0, context, out.length, 8, read.u64)];
    case 'fields': {
      const { size } = nvmlFieldValue_t;
      const field = structReader(nvmlFieldValue_t);
      return [
        (view, context) => {
          const fields = items(view, 0, context, out.ids.length, size, field) as Record<string, unknown>[];
          for (const one of fields) if (one.nvmlReturn !== 0) one.value = null;
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
  if (array === undefined) return (view, context) => struct(view, 0, context);
  const item = itemReader(array.field, array.item);
  const size = itemSize(array.item);
  const at = arrayAt(layout);
  return (view, context) => {
    const object = struct(view, 0, context) as Record<string, unknown>;
    const filled = filledOf(out, context.memory);
    object[array.field] =
      array.item === 'u8' ? read.bytes(context, at, filled) : items(view, at, context, filled, size, item);
    return object;
  };
}

function listReaders(name: string, out: Out & { readonly out: 'list' }): readonly OutReader[] {
  const item = itemReader(name, out.item);
  const size = itemSize(out.item);
  const length = ({ memory }: ReadContext): number => Math.min(memory.readUInt32LE(0), roomOf(out, memory));
  const first: OutReader = (view, context) => items(view, LIST_HEAD, context, length(context), size, item);
  if (!out.beside) return [first];
  const second: OutReader = (view, context) =>
    items(view, LIST_HEAD + size * roomOf(out, context.memory), context, length(context), 8, read.u64);
  return [first, second];
}

/** An output of a call, with a view of its memory: made again only where a list has outgrown it. */
class Output {
  private memory: Buffer | undefined;
  private view: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    private readonly index: number,
    private readonly reader: OutReader,
    private readonly context: ReadContext,
  ) {}

  read(bound: Bound): unknown {
    const memory = bound.memory[this.index] as Buffer;
    if (memory !== this.memory) {
      this.memory = memory;
      this.view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    }
    this.context.memory = memory;
    return this.reader(this.view, this.context);
  }
}

/** Reads all outputs of a call: nothing, one value, or a tuple in the order of the parameters. */
export function resultReader(
  params: readonly Param[],
  args: readonly unknown[],
  textAt: TextAt,
): (bound: Bound) => unknown {
  const context: ReadContext = { memory: NO_MEMORY, valueType: 3, textAt };
  const outs: Output[] = [];
  let index = 0;
  params.forEach((param, i) => {
    const arg = args[i];
    if (typeof arg !== 'object' || arg === null || !('out' in arg)) return;
    for (const reader of outReaders(param, arg as Out)) outs.push(new Output(index, reader, context));
    index++;
  });
  const [only] = outs;
  if (only === undefined) return () => undefined;
  if (outs.length === 1) return (bound) => only.read(bound);
  return (bound) => {
    const values = new Array<unknown>(outs.length);
    for (let i = 0; i < outs.length; i++) values[i] = (outs[i] as Output).read(bound);
    return values;
  };
}

const NO_MEMORY = Buffer.alloc(0);
