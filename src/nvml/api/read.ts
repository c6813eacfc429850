/** Reads single values out of what a call left in memory. The readers of structs (generated) are made of these. */
import { valueScalar } from '../answer.js';
import { READ, readText, readU64 } from '../memory.js';

/** Reads the C string behind a pointer. */
export type TextAt = (pointer: bigint) => string | undefined;

/** How an nvmlValue_t is to be read: told by an earlier field or output. */
export interface Context {
  valueType: number;
  readonly textAt: TextAt;
}

export type Reader = (memory: Buffer, at: number, context: Context) => unknown;

export const u64 = readU64;
export const text = readText;
export const { u8, u16, u32, i32, i64, f64 } = READ;

/** A handle or another address; null where there is none. */
export function ptr(memory: Buffer, at: number): bigint | null {
  const pointer = memory.readBigUInt64LE(at);
  return pointer === 0n ? null : pointer;
}

export const textBehind = (memory: Buffer, at: number, { textAt }: Context): string | null =>
  textAt(memory.readBigUInt64LE(at)) ?? null;

/** Scalars that say by all ones that they are not available. */
export function absentU32(memory: Buffer, at: number): number | null {
  const value = memory.readUInt32LE(at);
  return value === 0xffffffff ? null : value;
}

export function absentI32(memory: Buffer, at: number): number | null {
  const value = memory.readInt32LE(at);
  return value === -1 ? null : value;
}

export function absentU64(memory: Buffer, at: number): number | bigint | null {
  const value = readU64(memory, at);
  return value === 0xffffffffffffffffn ? null : value;
}

/** What the nvmlValue_t behind it holds. */
export function valueType(memory: Buffer, at: number, context: Context): number {
  context.valueType = memory.readUInt32LE(at);
  return context.valueType;
}

/** An nvmlValue_t. */
export const value = (memory: Buffer, at: number, context: Context): number | bigint =>
  READ[valueScalar(context.valueType)](memory, at);

export const bytes = (memory: Buffer, at: number, length: number): Uint8Array =>
  new Uint8Array(memory.subarray(at, at + length));

/** Items one behind the other. */
export function items(
  memory: Buffer,
  at: number,
  context: Context,
  length: number,
  size: number,
  read: Reader,
): unknown[] {
  const out: unknown[] = [];
  for (let i = 0; i < length; i++) out.push(read(memory, at + i * size, context));
  return out;
}
