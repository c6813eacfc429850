/** Memory for the outputs of a call: making it, reading it, writing it. */
import type { Out, Preset } from './call.js';
import { nvmlFieldValue_t } from './generated/layouts.js';
import type { Layout, ScalarType, StructField } from './layout.js';

export const SCALAR_SIZE: Readonly<Record<ScalarType, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
  ptr: 8,
};

export const itemSize = (item: Layout | ScalarType): number =>
  typeof item === 'string' ? SCALAR_SIZE[item] : item.size;

/** Bytes that an output takes; a list has its count in the first eight. */
function outSize(out: Out, capacity?: number): number {
  switch (out.out) {
    case 'scalar':
      return SCALAR_SIZE[out.type];
    case 'struct':
      if (out.array !== undefined) {
        return arrayAt(out.layout) + itemSize(out.array.item) * (capacity ?? out.array.room);
      }
      return out.room === undefined ? out.layout.size : aligned(out.layout.size + out.room) + SIZE_TAIL;
    case 'text':
      return out.lengthBy === 'pointer' ? aligned(out.length) + SIZE_TAIL : out.length;
    case 'list':
      return LIST_HEAD + (itemSize(out.item) + (out.beside ? 8 : 0)) * (capacity ?? out.capacity);
    case 'sized':
      return SCALAR_SIZE[out.item] * out.length;
    case 'words':
      return 8 * out.length;
    case 'fields':
      return nvmlFieldValue_t.size * (out.ids.length + SPARE_FIELDS);
  }
}

/**
 * nvmlDeviceGetFieldValues reads the value after the array it is given, and may write there if its nvmlReturn is 0: asking
 * one NVLink counter broke malloc's lists (fields 138 to 141 and 161 to 163; two H200, 580.159.04). So each array has one more
 * value, which says of itself that it failed.
 */
const SPARE_FIELDS = 1;

/** Where the items of a list begin: after its count. */
export const LIST_HEAD = 8;

/** A size that is passed by pointer is at the end of the memory it is about. */
export const SIZE_TAIL = 8;

const aligned = (size: number): number => (size + 7) & ~7;

/** Where the array that a struct points to begins. */
export const arrayAt = (layout: Layout): number => aligned(layout.size);

/** How many items a list or a struct's array has room for. */
export function roomOf(out: Out, memory: Buffer): number {
  if (out.out === 'list') return (memory.length - LIST_HEAD) / (itemSize(out.item) + (out.beside ? 8 : 0));
  if (out.out !== 'struct' || out.array === undefined) return 0;
  return (memory.length - arrayAt(out.layout)) / itemSize(out.array.item);
}

/** How many items NVML left in a list, or in the array that a struct points to; never more than there is room for. */
export function filledOf(out: Out, memory: Buffer): number {
  if (out.out === 'list') return Math.min(memory.readUInt32LE(0), roomOf(out, memory));
  if (out.out !== 'struct' || out.array === undefined) return 0;
  const field = fieldOf(out.layout, out.array.filled ?? out.array.count);
  return Math.min(memory.readUInt32LE(field[1]), roomOf(out, memory));
}

/** The part of an output that has the answer: of a list the items that were filled. Of 13 KiB of GPM metrics a few may be wanted. */
export function answerIn(out: Out, memory: Buffer): Buffer {
  if (out.out === 'list') {
    return out.beside ? memory : memory.subarray(0, LIST_HEAD + itemSize(out.item) * filledOf(out, memory));
  }
  if (out.out !== 'struct') return memory;
  if (out.answer !== undefined) return memory.subarray(0, out.answer);
  if (out.array === undefined) return memory;
  return memory.subarray(0, arrayAt(out.layout) + itemSize(out.array.item) * filledOf(out, memory));
}

/** A zeroed buffer for an output, with what must be set before the call. */
export function allocate(out: Out, capacity?: number): Buffer {
  // Its own ArrayBuffer: V8 keeps small buffers within its heap, where they move.
  const memory = Buffer.from(new ArrayBuffer(outSize(out, capacity)));
  if (out.out === 'struct') {
    presetStruct(memory, 0, out.layout, out.set ?? {});
    const { item, set = [] } = out.array ?? {};
    if (typeof item === 'object') {
      set.forEach((fields, i) => {
        presetStruct(memory, arrayAt(out.layout) + i * item.size, item, fields);
      });
    }
  }
  if (
    (out.out === 'struct' && out.room !== undefined) ||
    (out.out === 'text' && out.lengthBy === 'pointer')
  ) {
    memory.writeUInt32LE(memory.length - SIZE_TAIL, memory.length - SIZE_TAIL);
  }
  if (out.out === 'list' && typeof out.item !== 'string' && out.set !== undefined) {
    for (let at = LIST_HEAD; at < memory.length; at += out.item.size) {
      presetStruct(memory, at, out.item, out.set);
    }
  }
  if (out.out === 'fields') {
    out.ids.forEach(([id, scope], i) => {
      memory.writeUInt32LE(id, i * nvmlFieldValue_t.size);
      memory.writeUInt32LE(scope, i * nvmlFieldValue_t.size + 4);
    });
    memory.fill(0xff, out.ids.length * nvmlFieldValue_t.size);
  }
  return memory;
}

/** A 64-bit unsigned number: exact as a number while it is a safe integer, a bigint beyond. */
export function readU64(memory: Buffer, at: number): number | bigint {
  const high = memory.readUInt32LE(at + 4);
  if (high < 0x200000) return high * 0x1_0000_0000 + memory.readUInt32LE(at);
  return memory.readBigUInt64LE(at);
}

function readI64(memory: Buffer, at: number): number | bigint {
  const value = memory.readBigInt64LE(at);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export type ScalarValue = number | bigint;

/** Reads a scalar. Handles and pointers come as bigint. */
export const READ: Readonly<Record<ScalarType, (memory: Buffer, at: number) => ScalarValue>> = {
  u8: (m, at) => m.readUInt8(at),
  u16: (m, at) => m.readUInt16LE(at),
  u32: (m, at) => m.readUInt32LE(at),
  i32: (m, at) => m.readInt32LE(at),
  u64: readU64,
  i64: readI64,
  f64: (m, at) => m.readDoubleLE(at),
  ptr: (m, at) => m.readBigUInt64LE(at),
};

const VALUE_TYPES: readonly ScalarType[] = ['f64', 'u32', 'u64', 'u64', 'i64', 'i32', 'u16'];

/** The scalar that an nvmlValueType_t says an nvmlValue_t holds. */
export function valueScalar(valueType: number): ScalarType {
  return VALUE_TYPES[valueType] ?? 'u64';
}

const WRITE: Readonly<Record<ScalarType, (memory: Buffer, at: number, value: ScalarValue) => void>> = {
  u8: (m, at, v) => m.writeUInt8(Number(v) & 0xff, at),
  u16: (m, at, v) => m.writeUInt16LE(Number(v) & 0xffff, at),
  u32: (m, at, v) => m.writeUInt32LE(Number(v) >>> 0, at),
  i32: (m, at, v) => m.writeInt32LE(Number(v) | 0, at),
  u64: (m, at, v) => m.writeBigUInt64LE(BigInt.asUintN(64, BigInt(v)), at),
  i64: (m, at, v) => m.writeBigInt64LE(BigInt.asIntN(64, BigInt(v)), at),
  f64: (m, at, v) => m.writeDoubleLE(Number(v), at),
  ptr: (m, at, v) => m.writeBigUInt64LE(BigInt.asUintN(64, BigInt(v)), at),
};

export const writeScalar = (memory: Buffer, at: number, type: ScalarType, value: ScalarValue): void =>
  WRITE[type](memory, at, value);

/** Text up to the first NUL, as UTF-8. */
export function readText(memory: Buffer, at: number, length: number): string {
  let end = at;
  // A loop: NVML's texts are short, and indexOf alone takes longer than all of this.
  while (end < at + length && memory[end] !== 0) end++;
  return memory.toString('utf8', at, end);
}

export function writeText(memory: Buffer, at: number, length: number, value: string): void {
  memory.fill(0, at, at + length);
  memory.write(value, at, length - 1, 'utf8');
}

export function fieldOf(layout: Layout, name: string): StructField {
  const field = layout.fields[name];
  if (field === undefined) throw new Error(`struct has no field ${name}`);
  return field;
}

/** Writes the fields that must be set before a call (version, selectors). */
export function presetStruct(memory: Buffer, at: number, layout: Layout, set: Preset): void {
  for (const [path, value] of Object.entries(set)) {
    const [name = '', rest] = path.split(/\.(.*)/s, 2);
    const [type, offset, length] = fieldOf(layout, name);
    if (typeof type === 'object') {
      if (rest === undefined) throw new Error(`${path} cannot be preset`);
      presetStruct(memory, at + offset, type, { [rest]: value });
    } else if (type === 'text') writeText(memory, at + offset, length ?? 1, String(value));
    else if (typeof value === 'string') throw new Error(`${path} is a number`);
    else writeScalar(memory, at + offset, type, value);
  }
}
