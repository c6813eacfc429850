/** An answer as the tokens of a table entry (runtime.c): what the call must ask, and what it then writes. */

import { jsonText } from '../base/plain-text.js';
import { type Call, type Handle, isOut, type Out } from '../nvml/call.js';
import { signatures } from '../nvml/generated/functions.js';
import type { Layout } from '../nvml/layout.js';
import { fieldOf, itemSize, LIST_HEAD, presetStruct, SCALAR_SIZE } from '../nvml/memory.js';
import { type Status, statusFromSymbol } from '../nvml/status.js';
import { AnswerError, type HandleNames, type Json } from '../snapshot/answer.js';
import { encodeOut } from '../snapshot/answer-encode.js';

const isAnswer = (out: Out): boolean => !(out.out === 'struct' && out.given === true);

export function tokens(one: Call, subject: Handle | undefined, answer: Json, handles: HandleNames): string[] {
  const status = statusIn(answer);
  const letters = signatures[one.fn];
  const outs = one.args.filter(isOut).filter(isAnswer);
  const when: string[] = [];
  const then: string[] = status === 0 ? [] : [`r:${status}`];
  let p = 0;
  for (const arg of one.args) {
    if (typeof arg === 'string') when.push(`s:${p++}:${hex(Buffer.from(arg))}`);
    else if (typeof arg === 'number') when.push(`=:${p}:${unsigned(letters[p++], arg)}`);
    else if (typeof arg === 'bigint') when.push(`=:${p++}:${arg}`);
    else if (!isOut(arg)) when.push(`=:${p++}:${subject ?? 0n}`);
    else {
      when.push(...selectors(arg, p, status !== 0));
      const value = outs.length === 1 ? answer : (answer as readonly Json[])[outs.indexOf(arg)];
      if (status === 0 && isAnswer(arg)) then.push(...output(arg, p, value ?? null, handles));
      p += width(arg);
    }
  }
  return [...when, ...then];
}

/** The C parameter that an argument of a call is, or the first of those that it is. */
export const parameterOf = ({ args }: Call, index: number): number =>
  args
    .slice(0, index)
    .reduce<number>((p, arg) => p + (typeof arg === 'object' && isOut(arg) ? width(arg) : 1), 0);

/** How many C parameters an output takes. */
function width(out: Out): number {
  switch (out.out) {
    case 'scalar':
      return 1;
    case 'struct':
      return out.room === undefined ? 1 : 2;
    case 'text':
      return out.lengthBy === 'result' ? 0 : out.lengthBy === 'none' ? 1 : 2;
    case 'list':
      return out.beside === true ? 3 : 2;
    default:
      return 2;
  }
}

/** What a struct must hold on the way in: its version, whichever it is where the answer is a refusal, and what it says about the question. */
function selectors(out: Out, p: number, isRefused: boolean): string[] {
  if (out.out !== 'struct' && out.out !== 'list') return [];
  const layout = out.out === 'struct' ? out.layout : out.item;
  if (typeof layout === 'string') return [];
  const at = out.out === 'list' && out.arrayFirst !== true ? p + 1 : p;
  const asked = Object.entries(out.set ?? {}).filter(([path]) => !(isRefused && path === 'version'));
  return asked.map(([path, value]) => {
    const { offset, length } = presetPlace(layout, path, value);
    const memory = Buffer.alloc(layout.size);
    presetStruct(memory, 0, layout, { [path]: value });
    const bytes = memory.subarray(offset, offset + length);
    return path === 'version'
      ? `v:${at}:${offset}:${bytes.readUInt32LE(0)}`
      : `@:${at}:${offset}:${hex(bytes)}`;
  });
}

function presetPlace(
  layout: Layout,
  path: string,
  value: number | bigint | string,
): { offset: number; length: number } {
  const [name = '', rest = ''] = path.split(/\.(.*)/s, 2);
  const [type, offset] = fieldOf(layout, name);
  if (type === 'text') return { offset, length: Buffer.byteLength(String(value)) + 1 };
  if (typeof type === 'string') return { offset, length: SCALAR_SIZE[type] };
  const inner = presetPlace(type, rest, value);
  return { offset: offset + inner.offset, length: inner.length };
}

function output(out: Out, p: number, answer: Json, handles: HandleNames): string[] {
  if (out.out === 'text') return [textOutput(out, p, String(answer))];
  const bytes = encodeOut(out, answer, handles);
  switch (out.out) {
    case 'scalar':
      return [`>:${p}:0:${hex(bytes)}`];
    case 'struct':
      return structOutput(out, p, bytes, answer);
    case 'sized':
      return [`t:${p}:${p + 1}:${hex(bytes)}`];
    case 'words':
      return [`w:${p}:${p + 1}:${hex(bytes)}`];
    case 'list': {
      const [count, items] = out.arrayFirst === true ? [p + 1, p] : [p, p + 1];
      const size = itemSize(out.item);
      const length = bytes.readUInt32LE(0);
      const list = `l:${count}:${items}:${size}:${Number(out.countFirst === true)}`;
      const first = bytes.subarray(LIST_HEAD, LIST_HEAD + size * length);
      const second = bytes.subarray(LIST_HEAD + size * length, LIST_HEAD + (size + 8) * length);
      return [`${list}:${hex(first)}`, ...(out.beside === true ? [`b:${p + 2}:${hex(second)}`] : [])];
    }
    case 'fields':
      throw new Error('field values are written from the snapshot alone');
  }
}

/** The whole text goes into the table, however little room the call has: that is the fake's to notice. */
function textOutput(out: Out & { out: 'text' }, p: number, text: string): string {
  const bytes = hex(Buffer.from(`${text}\0`));
  if (out.lengthBy === 'result') return `R:${bytes}`;
  if (out.lengthBy === 'none') return `>:${p}:0:${bytes}`;
  return `${out.lengthBy === 'pointer' ? 'T' : 't'}:${p}:${p + 1}:${bytes}`;
}

/** A struct that points to an array keeps the caller's pointer. */
function structOutput(out: Out & { out: 'struct' }, p: number, bytes: Buffer, answer: Json): string[] {
  const { layout, array, room } = out;
  const struct = bytes.subarray(0, layout.size);
  if (room !== undefined) return [`T:${p}:${p + 1}:${hex(struct)}`];
  if (array === undefined) return [`>:${p}:0:${hex(struct)}`];
  const [, pointer] = fieldOf(layout, array.field);
  const [, count] = fieldOf(layout, array.count);
  const size = itemSize(array.item);
  const length = (answer as Readonly<Record<string, readonly Json[]>>)[array.field]?.length ?? 0;
  const from = (layout.size + 7) & ~7;
  return [
    `p:${p}:${pointer}:${count}:${size}:${hex(bytes.subarray(from, from + size * length))}`,
    `>:${p}:0:${hex(struct.subarray(0, pointer))}`,
    `>:${p}:${pointer + 8}:${hex(struct.subarray(pointer + 8))}`,
  ];
}

export function statusIn(answer: Json): Status {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return 0;
  const status = statusFromSymbol(String(answer.error));
  if (status === undefined) throw new AnswerError(`unknown status ${jsonText(answer.error)}`);
  return status;
}

/** By-value integers as the fake packs them. */
export const unsigned = (letter: string | undefined, value: number): bigint =>
  BigInt.asUintN(letter === 'q' ? 64 : 32, BigInt(value));

export const hex = (bytes: Buffer): string => `x${bytes.toString('hex')}`;
