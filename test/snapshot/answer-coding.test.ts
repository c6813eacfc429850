import { describe, expect, it } from 'vitest';
import type { Out } from '../../src/nvml/call.js';
import * as layouts from '../../src/nvml/generated/layouts.js';
import type { Layout, ScalarType, StructField } from '../../src/nvml/layout.js';
import { itemSize, SCALAR_SIZE } from '../../src/nvml/memory.js';
import type { Json } from '../../src/snapshot/answer.js';
import { decodeFieldValue, decodeOut } from '../../src/snapshot/answer-decode.js';
import { encodeFieldValue, encodeOut } from '../../src/snapshot/answer-encode.js';
import { handleNames } from '../nvml/handle-names.js';

/** A small generator of numbers that repeat from run to run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Random = ReturnType<typeof randomNumbers>;

function randomScalar(type: ScalarType, random: Random): Json {
  if (type === 'ptr') return ['', 'gpu0', 'gpu1/mig3'][random(3)] ?? '';
  if (type === 'f64') return [0, -1.5, random(2 ** 32) / 7, 'NaN', '-Infinity'][random(5)] ?? 0;
  const bits = SCALAR_SIZE[type] * 8;
  const wide =
    [0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n, 2n ** 63n, BigInt(random(2 ** 32))][random(7)] ?? 0n;
  const value = type.startsWith('i') ? BigInt.asIntN(bits, wide) : BigInt.asUintN(bits, wide);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

/** Text of every length that fits, in letters of one to three bytes. */
function randomText(room: number, random: Random): string {
  let text = '';
  for (let length = random(room); length > 0; length--) {
    const letter = ['a', ' ', '0', 'é', '€'][random(5)] ?? 'a';
    if (Buffer.byteLength(text + letter) < room) text += letter;
  }
  return text;
}

function randomItem(type: ScalarType | Layout, random: Random): Json {
  if (typeof type === 'string') return randomScalar(type, random);
  if (type === layouts.nvmlValue_t) return { ullVal: randomScalar('u64', random) };
  return Object.fromEntries(
    Object.entries(type.fields).map(([name, field]) => [name, randomField(field, random)]),
  );
}

/** Arrays are written without the zeros at their end. */
function randomField([type, , length]: StructField, random: Random): Json {
  if (type === 'text') return randomText(length ?? 1, random);
  if (length === undefined) return randomItem(type, random);
  const items = Array.from({ length: random(length + 1) }, () => randomItem(type, random));
  while (items.length > 0 && /^[^1-9a-zA-Zé€]*$/.test(valuesOf(items.at(-1)))) items.pop();
  return items;
}

const valuesOf = (json: Json | undefined): string =>
  typeof json === 'object' && json !== null ? Object.values(json).map(valuesOf).join('') : String(json);

/** Whether fields lie over one another, as in a union: then one says what the other holds. */
function overlaps(layout: Layout): boolean {
  const taken = new Set<number>();
  return Object.values(layout.fields).some(([type, offset, length = 1]: StructField) => {
    if (typeof type === 'object' && type !== layouts.nvmlValue_t && overlaps(type)) return true;
    const size = (type === 'text' ? 1 : itemSize(type)) * length;
    const bytes = Array.from({ length: size }, (_, i) => offset + i);
    const again = bytes.some((at) => taken.has(at));
    for (const at of bytes) taken.add(at);
    return again;
  });
}

describe('answers', () => {
  const roundTrip = (out: Out, json: Json): Json => {
    const names = handleNames();
    return decodeOut(out, encodeOut(out, json, names), names);
  };
  const all = Object.entries(layouts as Readonly<Record<string, Layout>>);
  const unions = all.filter(([, layout]) => layout !== layouts.nvmlValue_t && overlaps(layout));

  it.each(all.filter((entry) => !unions.includes(entry)))(
    'come back as they were written: %s',
    (name, layout) => {
      const random = randomNumbers(name.length);
      for (let i = 0; i < 25; i++) {
        const json = randomItem(layout, random);
        expect(roundTrip({ out: 'struct', layout }, json)).toEqual(json);
      }
    },
  );

  it('come back in every member of a union', () => {
    expect(unions.map(([name]) => name)).toEqual(
      expect.arrayContaining(['nvmlUUIDValue_t', 'nvmlPRMTLV_v1_t', 'nvmlVgpuSchedulerParams_t']),
    );
    for (const [, layout] of unions) {
      const random = randomNumbers(7);
      for (let i = 0; i < 25; i++) {
        const memory = Buffer.alloc(layout.size);
        for (let at = 0; at < layout.size; at++) memory[at] = random(2) * random(128);
        const out: Out = { out: 'struct', layout };
        const json = decodeOut(out, memory, handleNames());
        expect(roundTrip(out, json)).toEqual(json);
      }
    }
  });

  it.each<[string, Out, Json]>([
    ['a 64-bit number', { out: 'scalar', name: '', type: 'u64' }, '18446744073709551615'],
    ['a negative number', { out: 'scalar', name: '', type: 'i32' }, -2147483648],
    ['a handle', { out: 'scalar', name: '', type: 'ptr' }, 'gpu7'],
    ['no handle', { out: 'scalar', name: '', type: 'ptr' }, ''],
    ['a text', { out: 'text', length: 96 }, 'NVIDIA Größe €'],
    ['a text as long as its buffer', { out: 'text', length: 4 }, 'abc'],
    ['a list longer than its first room', { out: 'list', item: 'u32', capacity: 2 }, [1, 0, 3, 0]],
    [
      'two lists',
      { out: 'list', item: 'u64', capacity: 2, beside: true },
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    ['an empty list', { out: 'list', item: layouts.nvmlProcessInfo_t, capacity: 2 }, []],
    ['an array sized in bytes', { out: 'sized', item: 'u32', length: 3 }, [0, 2, 32]],
    ['words', { out: 'words', length: 16 }, [0, '18446744073709551615', 1]],
  ])('come back as they were written: %s', (_, out, json) => {
    expect(roundTrip(out, json)).toEqual(json);
  });

  it('write no handle as a null pointer', () => {
    expect(encodeOut({ out: 'scalar', name: '', type: 'ptr' }, '', handleNames()).readBigUInt64LE(0)).toBe(
      0n,
    );
  });

  it.each([
    [0, 0.25],
    [0, 'NaN'],
    [1, 4294967295],
    [3, '18446744073709551615'],
    [4, '-9223372036854775808'],
    [5, -1],
    [6, 65535],
  ])('come back as field values of type %i', (type, value) => {
    const memory = Buffer.alloc(80);
    encodeFieldValue(memory, 1, 0, { type, value });
    expect(decodeFieldValue(memory, 1)).toEqual({ status: 0, value: { type, value } });
  });
});
