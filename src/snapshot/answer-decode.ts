/** What a call left in memory, as the JSON of an answer. */

import type { Out } from '../nvml/call.js';
import { nvmlFieldValue_t, nvmlValue_t } from '../nvml/generated/layouts.js';
import type { Layout, ScalarType, StructField } from '../nvml/layout.js';
import {
  arrayAt,
  filledOf,
  itemSize,
  LIST_HEAD,
  READ,
  readText,
  roomOf,
  type ScalarValue,
  valueScalar,
} from '../nvml/memory.js';
import type { HandleNames, Json } from './answer.js';

/** JSON has neither 64-bit integers nor NaN and infinities: those are spelled as text. */
const plain = (value: ScalarValue): number | string =>
  Number.isFinite(value) ? Number(value) : String(value);

function decodeScalar(type: ScalarType, memory: Buffer, at: number, names: HandleNames): Json {
  const value = READ[type](memory, at);
  return type === 'ptr' ? names.nameOf(value as bigint) : plain(value);
}

function decodeField(
  [type, offset, length]: StructField,
  memory: Buffer,
  at: number,
  names: HandleNames,
): Json {
  const start = at + offset;
  if (type === 'text') return readText(memory, start, length ?? 1);
  if (length === undefined) return decodeItem(type, memory, start, names);
  const size = itemSize(type);
  const items = Array.from({ length }, (_, i) => decodeItem(type, memory, start + i * size, names));
  return trimZeros(items);
}

/** Arrays end with their last element that is not zero: most of NVML's are far longer than what they hold. */
function trimZeros(items: readonly Json[]): readonly Json[] {
  let length = items.length;
  while (length > 0 && isZero(items[length - 1])) length--;
  return items.slice(0, length);
}

function isZero(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.every(isZero);
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isZero);
  return value === 0 || value === '';
}

function decodeItem(type: ScalarType | Layout, memory: Buffer, at: number, names: HandleNames): Json {
  if (typeof type === 'string') return decodeScalar(type, memory, at, names);
  // A union: its widest member holds all of it.
  if (type === nvmlValue_t) return { ullVal: decodeScalar('u64', memory, at, names) };
  return Object.fromEntries(
    Object.entries(type.fields).map(([name, field]) => [name, decodeField(field, memory, at, names)]),
  );
}

function decodeItems(
  type: ScalarType | Layout,
  length: number,
  memory: Buffer,
  at: number,
  names: HandleNames,
): Json[] {
  const size = itemSize(type);
  return Array.from({ length }, (_, i) => decodeItem(type, memory, at + i * size, names));
}

/** A struct; an array it points to takes the place of the pointer. */
function decodeStruct(out: Out & { readonly out: 'struct' }, memory: Buffer, names: HandleNames): Json {
  const { layout, array } = out;
  if (array === undefined) return decodeItem(layout, memory, 0, names);
  const items = decodeItems(array.item, filledOf(out, memory), memory, arrayAt(layout), names);
  const fields = Object.entries(layout.fields).map(([name, field]): [string, Json] => [
    name,
    name === array.field ? items : decodeField(field, memory, 0, names),
  ]);
  return Object.fromEntries(fields);
}

/** What an output holds after a successful call. */
export function decodeOut(out: Out, memory: Buffer, names: HandleNames): Json {
  switch (out.out) {
    case 'scalar':
      return decodeScalar(out.type, memory, 0, names);
    case 'struct':
      return decodeStruct(out, memory, names);
    case 'text':
      return readText(memory, 0, out.length);
    case 'list': {
      const length = filledOf(out, memory);
      const items = decodeItems(out.item, length, memory, LIST_HEAD, names);
      if (!out.beside) return items;
      const besides = LIST_HEAD + itemSize(out.item) * roomOf(out, memory);
      return [items, decodeItems('u64', length, memory, besides, names)];
    }
    case 'sized':
      return decodeItems(out.item, out.length, memory, 0, names);
    case 'words':
      return trimZeros(
        Array.from({ length: out.length }, (_, i) => decodeScalar('u64', memory, i * 8, names)),
      );
    case 'fields':
      throw new Error('field values are recorded one by one');
  }
}

/** One field value: its status, or its type and bits. */
export function decodeFieldValue(memory: Buffer, index: number): { status: number; value: Json } {
  const at = index * nvmlFieldValue_t.size;
  const type = memory.readUInt32LE(at + nvmlFieldValue_t.fields.valueType[1]);
  return {
    status: memory.readUInt32LE(at + nvmlFieldValue_t.fields.nvmlReturn[1]),
    value: {
      type,
      value: plain(READ[valueScalar(type)](memory, at + nvmlFieldValue_t.fields.value[1])),
    },
  };
}
