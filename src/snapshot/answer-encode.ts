/** The JSON of an answer as what the call would have left in memory. What does not fit is refused. */
import { own, shown } from '../base/form.js';
import type { Handle, Out } from '../nvml/call.js';
import { nvmlFieldValue_t } from '../nvml/generated/layouts.js';
import type { Layout, ScalarType, StructField } from '../nvml/layout.js';
import {
  allocate,
  arrayAt,
  fieldOf,
  itemSize,
  LIST_HEAD,
  valueScalar,
  writeScalar,
  writeText,
} from '../nvml/memory.js';
import { AnswerError, type HandleNames, type Json } from './answer.js';
import { misfit } from './fit.js';

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
    throw new AnswerError(`an object is needed, not ${shown(json)}`);
  }
  for (const [name, value] of Object.entries(json as Record<string, Json>)) {
    const field = own(type.fields, name);
    if (field === undefined) throw new AnswerError(`unknown struct field ${name}`);
    encodeField(field, memory, at, value, names);
  }
  fillGaps(type, memory, at, json as Record<string, Json>, preset);
}

/**
 * Fills the members that an answer leaves out. Their numbers become all ones, which is NVML's mark for an absent value (zero
 * would be a value), their texts and arrays empty, their handles null. Members that the call has set itself, versions,
 * reserved members, and members that share their place with one that is there stay as they are.
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
    markAbsent(name, layout.fields[name] as StructField, memory, at);
  }
}

const NO_ANSWER = /^(version$|reserved)/;

function markAbsent(name: string, [type, offset, length]: StructField, memory: Buffer, at: number): void {
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

const endOf = ([type, offset, length = 1]: StructField): number =>
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
    throw new AnswerError(`a number is needed, not ${shown(json)}`);
  }
  const value = typeof json === 'number' ? json : BigInt(json);
  const wrong = misfit(type, value);
  if (wrong !== undefined) throw new AnswerError(wrong);
  writeScalar(memory, at, type, value);
}

function encodeField(field: StructField, memory: Buffer, at: number, json: Json, names: HandleNames): void {
  const [type, offset, length] = field;
  const start = at + offset;
  if (type === 'text') {
    if (typeof json !== 'string') throw new AnswerError(`text is needed, not ${shown(json)}`);
    writeText(memory, start, length ?? 1, json);
    return;
  }
  if (length === undefined) {
    encodeItem(type, memory, start, json, names);
    return;
  }
  if (!Array.isArray(json)) throw new AnswerError(`an array is needed, not ${shown(json)}`);
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
  if (!Array.isArray(json)) throw new AnswerError(`an array is needed, not ${shown(json)}`);
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
      if (typeof json !== 'string') throw new AnswerError(`text is needed, not ${shown(json)}`);
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
      if (!Array.isArray(json)) throw new AnswerError(`an array is needed, not ${shown(json)}`);
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
