/** Writes JavaScript values into the structs that NVML reads. */
import type { Layout, ScalarType, StructField } from '../layout.js';
import { itemSize, type ScalarValue, writeScalar, writeText } from '../memory.js';
import { COUNTED_FIELDS } from './fields.js';

export type InputFields = Readonly<Record<string, unknown>>;

const isScalar = (value: unknown): value is ScalarValue =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';

/**
 * What of an object goes into a struct by name: numbers, texts and those of nested structs, in the order of the
 * struct. It is also what distinguishes one question from another in a recording.
 */
export function presetOf(
  layout: Layout,
  given: InputFields,
  prefix = '',
): Record<string, number | bigint | string> {
  const set: Record<string, number | bigint | string> = {};
  for (const [name, [type, , length]] of Object.entries(layout.fields)) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (typeof type === 'object' && length === undefined) {
      Object.assign(set, presetOf(type, value as InputFields, `${prefix}${name}.`));
    } else if (type === 'text') set[prefix + name] = String(value);
    else if (length === undefined && isScalar(value)) {
      set[prefix + name] = typeof value === 'boolean' ? Number(value) : value;
    }
  }
  return set;
}

/** Writes the arrays of an object into a struct that has its other fields already, and their counts. */
export function writeArrays(memory: Buffer, at: number, layout: Layout, given: InputFields): void {
  for (const [name, field] of Object.entries(layout.fields)) {
    const value = given[name];
    const [type, offset, length] = field;
    if (value === undefined || value === null || type === 'text') continue;
    if (length !== undefined) {
      writeItems(memory, at + offset, type, value as ArrayLike<unknown>, length);
      const count = layout.fields[COUNTED_FIELDS[name] ?? ''];
      const countName = COUNTED_FIELDS[name] ?? '';
      if (count !== undefined && given[countName] === undefined) {
        writeScalar(memory, at + count[1], count[0] as ScalarType, (value as ArrayLike<unknown>).length);
      }
    } else if (typeof type === 'object') writeArrays(memory, at + offset, type, value as InputFields);
  }
}

/** Writes items one after the other. */
export function writeItems(
  memory: Buffer,
  at: number,
  type: ScalarType | Layout,
  items: ArrayLike<unknown>,
  room: number,
): void {
  if (items.length > room) throw new RangeError(`at most ${room} items fit, not ${items.length}`);
  const size = itemSize(type);
  for (let i = 0; i < items.length; i++) writeItem(memory, at + i * size, type, items[i]);
}

function writeItem(memory: Buffer, at: number, type: ScalarType | Layout, value: unknown): void {
  if (typeof type === 'string') {
    if (!isScalar(value)) throw new TypeError(`a number is needed, not ${typeof value}`);
    writeScalar(memory, at, type, typeof value === 'boolean' ? Number(value) : value);
    return;
  }
  writeFields(memory, at, type, value as InputFields);
}

function writeFields(memory: Buffer, at: number, layout: Layout, given: InputFields): void {
  for (const [name, field] of Object.entries(layout.fields)) {
    if (given[name] !== undefined && given[name] !== null) writeField(memory, at, field, given[name]);
  }
}

function writeField(memory: Buffer, at: number, [type, offset, length]: StructField, value: unknown): void {
  if (type === 'text') writeText(memory, at + offset, length ?? 1, String(value));
  else if (length === undefined) writeItem(memory, at + offset, type, value);
  else writeItems(memory, at + offset, type, value as ArrayLike<unknown>, length);
}
