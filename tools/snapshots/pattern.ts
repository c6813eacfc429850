/** What the keys and the answers of an override may leave to be filled in. */

import * as nvml from '../../src/nvml/generated/constants.js';
import type { Json } from '../../src/snapshot/answer.js';

/** Where a pattern leads. */
export interface Place {
  readonly key: string;
  /** The GPU of `gpu*`; 0 where the pattern has none. */
  readonly gpu: number;
  /** The place within the first range; 0 where the pattern has none. */
  readonly step: number;
}

const constants: Readonly<Record<string, unknown>> = nvml;

/** NVML's constants by their names: NVML_FI_DEV_ECC_CURRENT. */
const named = (text: string): string =>
  text.replace(/\bNVML_\w+/g, (name) => {
    const value = constants[name];
    if (typeof value !== 'number') throw new Error(`NVML has no constant ${name}`);
    return String(value);
  });

/** `gpu*` is each GPU, `0..17` each number, the first of them the slowest to change. */
export function keysOf(pattern: string, gpus: number): readonly Place[] {
  const each = pattern.includes('gpu*') ? Array.from({ length: gpus }, (_, gpu) => gpu) : [0];
  return each.flatMap((gpu) =>
    ranged(named(pattern).replaceAll('gpu*', `gpu${gpu}`)).flatMap((keys, step) =>
      keys.map((key) => ({ key, gpu, step })),
    ),
  );
}

/** The keys of each step of the first range. */
function ranged(pattern: string): readonly (readonly string[])[] {
  const [whole, first, last] = /(\d+)\.\.(\d+)/.exec(pattern) ?? [];
  if (whole === undefined) return [[pattern]];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) =>
    ranged(pattern.replace(whole, String(Number(first) + i))).flat(),
  );
}

/** What an object with one of these members is in an answer. */
const FORMS: Readonly<Record<string, (given: Json, place: Place) => Json>> = {
  /** A value for each GPU. */
  $gpu: (values, { gpu }) => (values as readonly Json[])[gpu] ?? null,
  /** A value for each number of the first range. */
  $each: (values, { step }) => (values as readonly Json[])[step] ?? null,
  /** 1590, 1575 ... 300: clocks are 15 MHz apart. */
  $clocks: (range) => {
    const [first, last] = range as readonly [number, number];
    return Array.from({ length: Math.floor((first - last) / 15) + 1 }, (_, i) => first - i * 15);
  },
  /** Samples that are all alike, as many and as far apart as the recording of an H100 has: of power and of engines. */
  $power: (value) => samples(119, 20_000, value),
  $engine: (value) => samples(71, 200_000, value),
};

const SAMPLED_AT = 1795449710000000;

const samples = (count: number, microseconds: number, ullVal: Json): Json => [
  1,
  Array.from({ length: count }, (_, i) => ({
    timeStamp: SAMPLED_AT + i * microseconds,
    sampleValue: { ullVal },
  })),
];

/** An answer with its forms filled in. */
export function resolved(answer: Json, place: Place): Json {
  if (Array.isArray(answer)) return answer.map((item: Json) => resolved(item, place));
  if (answer === null || typeof answer !== 'object') return answer;
  const [[name, value] = ['', null]] = Object.entries(answer);
  const form = FORMS[name];
  if (form !== undefined) return resolved(form(value, place), place);
  return Object.fromEntries(Object.entries(answer).map(([key, item]) => [key, resolved(item, place)]));
}
