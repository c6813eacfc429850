/** Samples for every form of argument and output, and a fake library whose handles they name. */

import { ABSENT_FIELDS } from '../../src/nvml/functions/fields.js';
import { nvmlValue_t } from '../../src/nvml/generated/layouts.js';
import type { Layout, ScalarType, StructField } from '../../src/nvml/layout.js';
import type { HandleKind, Param } from '../../src/nvml/prototype.js';
import type { Json } from '../../src/snapshot/answer.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';

export const fake = await buildFake();

export type Handles = Readonly<Record<HandleKind, bigint>>;

export const NO_HANDLES: Handles = {
  device: 0n,
  unit: 0n,
  gpuInstance: 0n,
  computeInstance: 0n,
  eventSet: 0n,
  systemEventSet: 0n,
  gpmSample: 0n,
};

const KINDS = Object.keys(NO_HANDLES) as HandleKind[];

/** The fake with a machine in which every kind of handle has its name first, and so the same address. */
export const fakeWith = (
  options: Omit<Machine, 'calls'>,
  learn?: (kind: HandleKind, handle: bigint) => void,
): FakeLibrary =>
  fake.with({
    ...options,
    calls: (handleOf) => {
      for (const kind of KINDS) {
        const handle = handleOf(`${kind}0`);
        learn?.(kind, handle);
      }
      return [];
    },
  });

/** The handles that the fake gives out for its names. */
export function handlesOfFake(): Handles {
  const found: Record<HandleKind, bigint> = { ...NO_HANDLES };
  fakeWith({ snapshot: machine }, (kind, handle) => {
    found[kind] = handle;
  });
  return found;
}

/** A sample for every form of argument: what is given, and the part of the recording's key that it becomes. */
export function sampleInput(param: Param, i: number, handles: Handles): { given: unknown; key: string[] } {
  switch (param[0]) {
    case 'handle':
      return { given: handles[param[2]], key: [`${param[2]}0`] };
    case 'string':
      return { given: `text of ${param[1]}`, key: [`text of ${param[1]}`] };
    case 'words':
      return { given: 2, key: [] };
    case 'in': {
      const value = param[2] === 'u64' ? 2 ** 40 + i : param[2] === 'i32' ? -3 - i : 3 + i;
      return { given: value, key: [String(value)] };
    }
    case 'given':
      return { given: 70 + i, key: [`${param[1]}=${70 + i}`] };
    case 'struct': {
      const [, , layout, { select, array } = {}] = param;
      const given = sampleStruct(
        layout,
        select,
        array === undefined ? [] : [array.field, array.count, array.filled ?? ''],
        handles,
      );
      return { given, key: keyOf(given) };
    }
    default:
      throw new Error(`${param[0]} takes no argument`);
  }
}

function sampleStruct(
  layout: Layout,
  select: readonly string[] | undefined,
  except: readonly string[],
  handles: Handles,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  Object.entries(layout.fields).forEach(([name, [type, , length]], i) => {
    if (name === 'version' || except.includes(name)) return;
    if (select !== undefined && !select.includes(name)) return;
    if (type === 'text') out[name] = `t${i}`;
    else if (type === 'ptr')
      out[name] = name.startsWith('sample') ? handles.gpmSample : handles.systemEventSet;
    else if (typeof type === 'string' && length === undefined) out[name] = 10 + i;
  });
  return out;
}

const keyOf = (given: Record<string, unknown>): string[] =>
  Object.entries(given).map(([name, value]) => `${name}=${value}`);

/** What the recording answers for an output. Numbers differ by place, so that mixed up fields are noticed. */
export function sampleAnswer(param: Param): Json[] {
  switch (param[0]) {
    case 'out':
      return [param[2] === 'ptr' ? `${param[3]}0` : sampleScalar(param[2], 5, param[1])];
    case 'text':
      return [`the ${param[1]}`.slice(0, param[2] - 1)];
    case 'struct':
      return param[3]?.role === 'in'
        ? []
        : [sampleStructAnswer(param[2], param[3]?.array, param[3]?.version !== undefined)];
    case 'list': {
      const items = [0, 1, 2].map((i) =>
        param[2] === 'ptr'
          ? `${param[3].of}0`
          : typeof param[2] === 'string'
            ? sampleScalar(param[2], 20 + i, param[1])
            : sampleStructAnswer(param[2]),
      );
      return param[3].beside === undefined ? [items] : [[items, [100, 101, 102]]];
    }
    case 'sized':
      return [[0, 2, 8, ...Array.from({ length: param[3] - 3 }, () => 32)]];
    case 'words':
      return [['18446744073709551615', 6]];
    default:
      return [];
  }
}

function sampleScalar(type: ScalarType, i: number, name: string): Json {
  if (name === 'valueType' || name === 'outputType' || name === 'sampleValType') return 3;
  if (ABSENT_FIELDS.has(name)) return type === 'u64' ? '18446744073709551615' : 4294967295;
  if (type === 'f64') return i + 0.5;
  if (type === 'u64') return `${2n ** 60n + BigInt(i)}`;
  if (type === 'i64' || type === 'i32') return -i - 1;
  return (i % 7) + 1;
}

export type Pointed = {
  readonly field: string;
  readonly count: string;
  readonly filled?: string;
  readonly item: Layout | ScalarType;
};

function sampleStructAnswer(layout: Layout, array?: Pointed, versioned = false): Json {
  const out: Record<string, Json> = {};
  Object.entries(layout.fields).forEach(([name, field], i) => {
    if (name === 'version' && versioned) return;
    if (array?.field === name) {
      out[name] = [0, 1].map((n) =>
        typeof array.item === 'string' ? n + 1 : sampleStructAnswer(array.item),
      );
    } else if (name === array?.count || name === array?.filled) out[name] = 2;
    else if (field[0] !== 'ptr' || !TEXT_POINTERS.includes(name)) out[name] = sampleField(name, field, i);
  });
  return out;
}

/** Pointers to the library's own texts, which a recording has not. */
export const TEXT_POINTERS: readonly string[] = ['shortName', 'longName', 'unit'];

function sampleField(name: string, [type, , length]: StructField, i: number): Json {
  if (type === 'text') return `field ${i}`.slice(0, (length ?? 1) - 1);
  const one = (n: number): Json => {
    if (type === nvmlValue_t) return { ullVal: n + 1 };
    if (typeof type === 'object') return sampleStructAnswer(type);
    if (type === 'ptr')
      return name === 'device' ? 'device0' : name === 'gpuInstance' ? 'gpuInstance0' : 'systemEventSet0';
    return sampleScalar(type, n, name);
  };
  return length === undefined ? one(i) : [one(i), one(i + 1)];
}
