/**
 * What a call left in memory, as JSON, and back: the cells of a snapshot. A scalar is a number (a decimal
 * string beyond 2^53), a struct an object, a list an array, a handle its name, text a string. What does not fit is refused.
 */
import type { Handle, Out } from './call.js';
import { misfit } from './fit.js';
import { nvmlFieldValue_t, nvmlValue_t } from './generated/layouts.js';
import type { Field, Layout, ScalarType } from './layout.js';
import {
  allocate,
  arrayAt,
  fieldOf,
  filledOf,
  itemSize,
  LIST_HEAD,
  READ,
  readText,
  roomOf,
  type ScalarValue,
  writeScalar,
  writeText,
} from './memory.js';

export type Json = number | string | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Handles cannot be written down: a recording calls them gpu0, gpu0/mig1, unit0. */
export interface HandleNames {
  nameOf(handle: bigint): string;
  handleOf(name: string): Handle;
}

/** JSON has neither 64-bit integers nor NaN and infinities: those are spelled as text. */
const plain = (value: ScalarValue): number | string =>
  Number.isFinite(value) ? Number(value) : String(value);

function decodeScalar(type: ScalarType, memory: Buffer, at: number, names: HandleNames): Json {
  const value = READ[type](memory, at);
  return type === 'ptr' ? names.nameOf(value as bigint) : plain(value);
}

function decodeField([type, offset, length]: Field, memory: Buffer, at: number, names: HandleNames): Json {
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

/** A struct; an array it points to stands in the place of the pointer. */
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
      const length = Math.min(memory.readUInt32LE(0), roomOf(out, memory));
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

const VALUE_TYPES: readonly ScalarType[] = ['f64', 'u32', 'u64', 'u64', 'i64', 'i32', 'u16'];

/** The scalar that an nvmlValueType_t says an nvmlValue_t holds. */
export function valueScalar(valueType: number): ScalarType {
  return VALUE_TYPES[valueType] ?? 'u64';
}

export class AnswerError extends Error {}

function encodeItem(
  type: ScalarType | Layout,
  memory: Buffer,
  at: number,
  json: Json | undefined,
  names: HandleNames,
  preset: readonly string[] = [],
): void {
  if (typeof type === 'string') {
    encodeScalar(type, memory, at, json, names);
    return;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new AnswerError(`an object is needed, not ${JSON.stringify(json)}`);
  }
  for (const [name, value] of Object.entries(json as Record<string, Json>)) {
    const field = type.fields[name];
    if (field === undefined) throw new AnswerError(`unknown struct field ${name}`);
    encodeField(field, memory, at, value, names);
  }
  fillGaps(type, memory, at, json as Record<string, Json>, preset);
}

/**
 * Members that are left out. A number that is not there is no zero: it is absent, as NVML marks it, by all ones. Texts
 * and arrays are then empty, handles null. Left alone is what the call has set itself, the version, what NVML has
 * reserved, and what another member of a union says.
 */
function fillGaps(
  layout: Layout,
  memory: Buffer,
  at: number,
  json: Readonly<Record<string, Json>>,
  preset: readonly string[],
): void {
  const answers = Object.keys(layout.fields).filter(
    (name) => !preset.includes(name) && !NO_ANSWER.test(name),
  );
  const given = answers.filter((name) => name in json);
  // Of a struct of pointers alone (texts of GPM metrics) a recording has nothing.
  if (given.length === 0 && answers.some((name) => layout.fields[name]?.[0] !== 'ptr')) {
    throw new AnswerError(`struct field ${answers.slice(0, 3).join(', ')} is missing`);
  }
  for (const name of answers) {
    if (given.some((other) => overlap(layout, name, other))) continue;
    markAbsent(name, layout.fields[name] as Field, memory, at);
  }
}

const NO_ANSWER = /^(version$|reserved)/;

function markAbsent(name: string, [type, offset, length]: Field, memory: Buffer, at: number): void {
  const start = at + offset;
  if (type === 'text' || type === 'ptr' || length !== undefined) return;
  if (typeof type === 'object') {
    for (const [inner, field] of Object.entries(type.fields)) {
      if (!NO_ANSWER.test(inner)) markAbsent(`${name}.${inner}`, field, memory, start);
    }
  } else if (type === 'u32' || type === 'u64') memory.fill(0xff, start, start + itemSize(type));
  else throw new AnswerError(`struct field ${name} is missing`);
}

function overlap(layout: Layout, one: string, other: string): boolean {
  const a = layout.fields[one];
  const b = layout.fields[other];
  return a !== undefined && b !== undefined && a[1] < endOf(b) && b[1] < endOf(a);
}

const endOf = ([type, offset, length = 1]: Field): number =>
  offset + (type === 'text' ? 1 : itemSize(type)) * length;

function encodeScalar(
  type: ScalarType,
  memory: Buffer,
  at: number,
  json: Json | undefined,
  names: HandleNames,
): void {
  if (type === 'ptr' && typeof json === 'string') {
    writeScalar(memory, at, 'ptr', json === '' ? 0n : names.handleOf(json));
    return;
  }
  if (type === 'f64' && typeof json === 'string' && /^(NaN|-?Infinity)$/.test(json)) {
    writeScalar(memory, at, 'f64', Number(json));
    return;
  }
  if (typeof json !== 'number' && !(typeof json === 'string' && /^-?\d+$/.test(json))) {
    throw new AnswerError(`a number is needed, not ${JSON.stringify(json)}`);
  }
  const value = typeof json === 'number' ? json : BigInt(json);
  const wrong = misfit(type, value);
  if (wrong !== undefined) throw new AnswerError(wrong);
  writeScalar(memory, at, type, value);
}

function encodeField(field: Field, memory: Buffer, at: number, json: Json, names: HandleNames): void {
  const [type, offset, length] = field;
  const start = at + offset;
  if (type === 'text') {
    if (typeof json !== 'string') throw new AnswerError(`text is needed, not ${JSON.stringify(json)}`);
    writeText(memory, start, length ?? 1, json);
    return;
  }
  if (length === undefined) {
    encodeItem(type, memory, start, json, names);
    return;
  }
  if (!Array.isArray(json)) throw new AnswerError(`an array is needed, not ${JSON.stringify(json)}`);
  if (json.length > length) throw new AnswerError(`the array is longer than ${length}`);
  json.forEach((item, i) => {
    encodeItem(type, memory, start + i * itemSize(type), item, names);
  });
}

/** How many items an answer has: the room that its memory needs. */
function lengthOf(out: Out, json: Json | undefined): number | undefined {
  if (out.out === 'list') {
    const items = out.beside && Array.isArray(json) ? json[0] : json;
    return Array.isArray(items) ? items.length : undefined;
  }
  if (out.out !== 'struct' || out.array === undefined) return undefined;
  const items = (json as { readonly [key: string]: Json } | undefined)?.[out.array.field];
  return Array.isArray(items) ? items.length : undefined;
}

function encodeItems(
  type: ScalarType | Layout,
  json: Json | undefined,
  memory: Buffer,
  at: number,
  names: HandleNames,
): number {
  if (!Array.isArray(json)) throw new AnswerError(`an array is needed, not ${JSON.stringify(json)}`);
  const size = itemSize(type);
  json.forEach((item, i) => {
    encodeItem(type, memory, at + i * size, item, names);
  });
  return json.length;
}

function encodeStruct(
  out: Out & { readonly out: 'struct' },
  memory: Buffer,
  json: Json | undefined,
  names: HandleNames,
): void {
  const { layout, array } = out;
  const preset = Object.keys(out.set ?? {}).map((path) => path.split('.')[0] ?? '');
  if (array === undefined || typeof json !== 'object' || json === null || Array.isArray(json)) {
    encodeItem(layout, memory, 0, json, names, preset);
    return;
  }
  const { [array.field]: items, ...rest } = json as Record<string, Json>;
  if (items === undefined) throw new AnswerError(`struct field ${array.field} is missing`);
  encodeItem(layout, memory, 0, rest, names, [...preset, array.field, array.count, array.filled ?? '']);
  const length = encodeItems(array.item, items, memory, arrayAt(layout), names);
  memory.writeUInt32LE(length, fieldOf(layout, array.filled ?? array.count)[1]);
}

/** The memory that a call would have left: the inverse of decodeOut. */
export function encodeOut(out: Out, json: Json | undefined, names: HandleNames): Buffer {
  const memory = allocate(out, lengthOf(out, json));
  switch (out.out) {
    case 'scalar':
      encodeScalar(out.type, memory, 0, json, names);
      break;
    case 'struct':
      encodeStruct(out, memory, json, names);
      break;
    case 'text':
      if (typeof json !== 'string') throw new AnswerError(`text is needed, not ${JSON.stringify(json)}`);
      writeText(memory, 0, out.length, json);
      break;
    case 'list': {
      const [items, besides] = out.beside && Array.isArray(json) ? json : [json];
      const length = encodeItems(out.item, items, memory, LIST_HEAD, names);
      memory.writeUInt32LE(length, 0);
      if (out.beside) encodeItems('u64', besides, memory, LIST_HEAD + itemSize(out.item) * length, names);
      break;
    }
    case 'sized':
      encodeItems(out.item, json, memory, 0, names);
      break;
    case 'words':
      if (!Array.isArray(json)) throw new AnswerError(`an array is needed, not ${JSON.stringify(json)}`);
      json.slice(0, out.length).forEach((word, i) => {
        encodeScalar('u64', memory, i * 8, word, names);
      });
      break;
    case 'fields':
      throw new Error('field values are recorded one by one');
  }
  return memory;
}

/** Writes one recorded field value into its place in the batch. */
export function encodeFieldValue(
  memory: Buffer,
  index: number,
  status: number,
  json: Json | undefined,
): void {
  const at = index * nvmlFieldValue_t.size;
  memory.writeUInt32LE(status, at + nvmlFieldValue_t.fields.nvmlReturn[1]);
  if (status !== 0) return;
  const answer = json as { type?: Json; value?: Json } | undefined;
  if (typeof answer?.type !== 'number') throw new AnswerError('a field value needs its type');
  memory.writeUInt32LE(answer.type, at + nvmlFieldValue_t.fields.valueType[1]);
  encodeScalar(valueScalar(answer.type), memory, at + nvmlFieldValue_t.fields.value[1], answer.value, {
    nameOf: String,
    handleOf: () => 0n as Handle,
  });
}
