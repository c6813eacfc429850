/**
 * Reads single values out of what a call left in memory. The readers of structs (generated) consist of these. Numbers come
 * through a DataView: a Buffer takes four times as long for each (33 numbers in 180 and 50 ns, Node 24).
 */
import type { ScalarType } from '../layout.js';
import { readText, valueScalar } from '../memory.js';

/** Reads the C string at a pointer. */
export type TextAt = (pointer: bigint) => string | undefined;

/** What is not in the numbers themselves. */
export interface ReadContext {
  /** The same memory as the view's, for texts. */
  memory: Buffer;
  /** The type of an nvmlValue_t, which an earlier field or output gives. */
  valueType: number;
  readonly textAt: TextAt;
}

export type StructReader = (view: DataView, at: number, context: ReadContext) => unknown;

export const u8 = (view: DataView, at: number): number => view.getUint8(at);
export const u16 = (view: DataView, at: number): number => view.getUint16(at, true);
export const u32 = (view: DataView, at: number): number => view.getUint32(at, true);
export const i32 = (view: DataView, at: number): number => view.getInt32(at, true);
export const f64 = (view: DataView, at: number): number => view.getFloat64(at, true);

/** A number while it is a safe integer, a bigint beyond. */
export function u64(view: DataView, at: number): number | bigint {
  const high = view.getUint32(at + 4, true);
  if (high < 0x200000) return high * 0x1_0000_0000 + view.getUint32(at, true);
  return view.getBigUint64(at, true);
}

export function i64(view: DataView, at: number): number | bigint {
  const exact = view.getBigInt64(at, true);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

/** A handle or another address; null where there is none. */
export function ptr(view: DataView, at: number): bigint | null {
  const pointer = view.getBigUint64(at, true);
  return pointer === 0n ? null : pointer;
}

export const SCALARS: Readonly<Record<ScalarType, (view: DataView, at: number) => number | bigint | null>> = {
  u8,
  u16,
  u32,
  i32,
  u64,
  i64,
  f64,
  ptr,
};

export const text = ({ memory }: ReadContext, at: number, length: number): string =>
  readText(memory, at, length);

export const pointedText = (view: DataView, at: number, { textAt }: ReadContext): string | null =>
  textAt(view.getBigUint64(at, true)) ?? null;

/** Scalars that say by all ones that they are not available. */
export function absentU32(view: DataView, at: number): number | null {
  const number = view.getUint32(at, true);
  return number === 0xffffffff ? null : number;
}

export function absentI32(view: DataView, at: number): number | null {
  const number = view.getInt32(at, true);
  return number === -1 ? null : number;
}

export function absentU64(view: DataView, at: number): number | bigint | null {
  const number = u64(view, at);
  return number === 0xffffffffffffffffn ? null : number;
}

/** The type of the nvmlValue_t after it. */
export function valueType(view: DataView, at: number, context: ReadContext): number {
  context.valueType = view.getUint32(at, true);
  return context.valueType;
}

/** An nvmlValue_t. */
export const value = (view: DataView, at: number, context: ReadContext): number | bigint | null =>
  SCALARS[valueScalar(context.valueType)](view, at);

export const bytes = ({ memory }: ReadContext, at: number, length: number): Uint8Array =>
  new Uint8Array(memory.subarray(at, at + length));

/** Items one after the other. */
export function items(
  view: DataView,
  at: number,
  context: ReadContext,
  length: number,
  size: number,
  read: StructReader,
): unknown[] {
  const out = new Array<unknown>(length);
  for (let i = 0; i < length; i++) out[i] = read(view, at + i * size, context);
  return out;
}
