import { afterEach, describe, expect, it } from 'vitest';
import type { Json } from '../../src/nvml/answer.js';
import { takesArgument } from '../../src/nvml/api/caller.js';
import { ABSENT_FIELDS } from '../../src/nvml/api/fields.js';
import type { Entry } from '../../src/nvml/entry.js';
import * as entries from '../../src/nvml/generated/entries.js';
import { type FunctionName, signatures } from '../../src/nvml/generated/functions.js';
import { nvmlValue_t } from '../../src/nvml/generated/layouts.js';
import type { Field, Layout, ScalarType } from '../../src/nvml/layout.js';
import type { HandleKind, Param } from '../../src/nvml/prototype.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';
import { Declared } from '../declared.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';

const fake = await buildFake();

/** Opens and closes the library, or works without it: tested on their own. */
const BY_HAND: readonly string[] = [
  'nvmlInit',
  'nvmlInit_v2',
  'nvmlInitWithFlags',
  'nvmlShutdown',
  'nvmlErrorString',
];
const FIELDS: readonly string[] = ['nvmlDeviceGetFieldValues', 'nvmlDeviceClearFieldValues'];
const names = Object.keys(signatures).filter((name) => !BY_HAND.includes(name)) as FunctionName[];
const functions = nvml as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;

const entryOf: Readonly<Record<FunctionName, Entry>> = entries;

/** The version that answers under a name: its own, or the newest. */
const answering = (name: FunctionName): Entry => {
  const entry = entryOf[name];
  return entry.newer?.[0] ?? entry;
};

type Handles = Readonly<Record<HandleKind, bigint>>;

/** A sample for every form of argument: what is given, and the part of the recording's key that it becomes. */
function sampleInput(param: Param, i: number, handles: Handles): { given: unknown; key: string[] } {
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
function sampleAnswer(param: Param): Json[] {
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

type Pointed = {
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
const TEXT_POINTERS: readonly string[] = ['shortName', 'longName', 'unit'];

function sampleField(name: string, [type, , length]: Field, i: number): Json {
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

/** What a caller must get for such an answer, worked out from the answer and not from the library's reader. */
function expected(param: Param, answers: readonly Json[], handles: Handles): unknown[] {
  const [answer] = answers;
  switch (param[0]) {
    case 'out':
      return [param[2] === 'ptr' ? handles[param[3] as HandleKind] : plain(param[1], answer ?? null)];
    case 'struct':
      return [structOf(param[2], answer as Record<string, Json>, handles, param[3]?.array)];
    case 'list': {
      const [items, besides] = param[3].beside === undefined ? [answer] : (answer as Json[]);
      const list = (items as Json[]).map((item) =>
        param[2] === 'ptr'
          ? handles[param[3].of as HandleKind]
          : typeof param[2] === 'string'
            ? plain(param[1], item)
            : structOf(param[2], item as Record<string, Json>, handles),
      );
      return besides === undefined ? [list] : [list, besides];
    }
    case 'sized':
      return [(answer as number[]).filter((state) => state !== 32)];
    case 'words':
      return [(answer as Json[]).map((word) => plain('', word))];
    default:
      return [answer];
  }
}

function plain(name: string, value: Json): unknown {
  if (typeof value === 'string' && /^-?\d+$/.test(value)) {
    return ABSENT_FIELDS.has(name) ? null : BigInt(value);
  }
  return ABSENT_FIELDS.has(name) && value === 4294967295 ? null : value;
}

const COUNTS: Readonly<Record<string, string>> = {
  bridgeChipInfo: 'bridgeCount',
  clkMonList: 'clkMonListSize',
  fans: 'count',
  firmwareVersion: 'numValidEntries',
  gridLicensableFeatures: 'licensableFeaturesCount',
  logEntries: 'entriesCount',
  metrics: 'numMetrics',
  sensor: 'count',
  bwModes: 'totalBwModes',
  certChain: 'certChainSize',
  attestationCertChain: 'attestationCertChainSize',
  attestationReport: 'attestationReportSize',
  cecAttestationReport: 'cecAttestationReportSize',
};

function structOf(layout: Layout, answer: Record<string, Json>, handles: Handles, array?: Pointed): unknown {
  const out: Record<string, unknown> = {};
  // Members of a union lie on one another: the recording writes them in order, so the last one holds.
  for (const [name, [type, offset, length]] of Object.entries(layout.fields)) {
    if (name === 'version' && !('revision' in layout.fields)) continue;
    const value = answer[name] ?? null;
    const over = Object.entries(layout.fields).some(
      ([other, f]) => other > name && f[1] === offset && other !== name,
    );
    if (over) {
      out[name] = expect.anything();
      continue;
    }
    const one = (json: Json): unknown => {
      if (type === nvmlValue_t) return (json as { ullVal: number }).ullVal;
      if (typeof type === 'object') return structOf(type, json as Record<string, Json>, handles);
      if (type === 'ptr')
        return json === null ? null : handles[String(json).replace(/\d+$/, '') as HandleKind];
      return plain(name, json);
    };
    if (array?.field === name) {
      const items = value as Json[];
      out[name] =
        array.item === 'u8'
          ? new Uint8Array(items as number[])
          : items.map((item) =>
              typeof array.item === 'string'
                ? item
                : structOf(array.item, item as Record<string, Json>, handles),
            );
    } else if (type === 'text') out[name] = value;
    else if (length !== undefined) {
      const count = COUNTS[name] === undefined ? undefined : answer[COUNTS[name]];
      const filled = Math.min(count === undefined ? length : Number(count), length);
      const zero = typeof type === 'object' ? null : 0;
      const items = Array.from({ length: filled }, (_, i) => (value as Json[])[i] ?? zero);
      out[name] =
        type === 'u8'
          ? new Uint8Array(items as number[])
          : items.map((item) => (item === null ? expect.anything() : one(item)));
    } else out[name] = type === 'ptr' && TEXT_POINTERS.includes(name) ? null : one(value);
  }
  return out;
}

interface Case {
  readonly name: FunctionName;
  readonly args: readonly unknown[];
  readonly key: string;
  readonly answer: Json;
  readonly result: unknown;
}

function caseOf(name: FunctionName, handles: Handles): Case {
  const { fn, params } = answering(name);
  const inputs = params.map((param, i) => {
    if (param[0] === 'fixed') return { key: [String(param[2])] };
    // A recording's key cannot tell the fields of two structs apart: the second stays empty.
    const isSecond =
      param[0] === 'struct' && params.slice(0, i).some((p) => p[0] === 'struct' && takesArgument(p));
    if (isSecond && takesArgument(param)) return { given: {}, key: [] };
    return takesArgument(param) ? sampleInput(param, i, handles) : { key: [] };
  });
  const answers = params
    .map((param) => ({ param, answers: sampleAnswer(param) }))
    .filter((one) => one.answers.length > 0);
  const values = answers.map((one) => one.answers[0] as Json);
  const results = answers.flatMap((one) => expected(one.param, one.answers, handles));
  return {
    name: fn,
    args: inputs.flatMap((input) => ('given' in input ? [input.given] : [])),
    key: inputs.flatMap(({ key }) => key).join(','),
    answer: values.length === 1 ? (values[0] as Json) : values,
    result: results.length === 0 ? undefined : results.length === 1 ? results[0] : results,
  };
}

const NO_HANDLES: Handles = {
  device: 0n,
  unit: 0n,
  gpuInstance: 0n,
  computeInstance: 0n,
  eventSet: 0n,
  systemEventSet: 0n,
  gpmSample: 0n,
};

const snapshotOf = (cases: readonly Case[]): Snapshot => {
  const calls: Record<string, Record<string, Json>> = {};
  for (const one of cases) calls[one.name] = { ...calls[one.name], [one.key]: one.answer };
  return { ...machine, calls };
};

const KINDS = Object.keys(NO_HANDLES) as HandleKind[];

/** The fake with a machine in which every kind of handle has its name first, and so the same address. */
const fakeWith = (
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
function handlesOfFake(): Handles {
  const found: Record<HandleKind, bigint> = { ...NO_HANDLES };
  fakeWith({ snapshot: machine }, (kind, handle) => {
    found[kind] = handle;
  });
  return found;
}

afterEach(() => {
  try {
    for (;;) nvml.nvmlShutdown();
  } catch {
    // closed by now
  }
});

describe.skipIf(!fake.available)('every function of the library', () => {
  const handles = fake.available ? handlesOfFake() : NO_HANDLES;
  const cases = names
    .filter((name) => !FIELDS.includes(name))
    .map((name): Case & { readonly called: string } => ({ ...caseOf(name, handles), called: name }));

  it('is exported under its name', () => {
    expect(Object.keys(signatures).filter((name) => typeof functions[name] !== 'function')).toEqual([]);
    expect(Object.keys(promises).sort()).toEqual([...names].sort());
  });

  it('passes on its arguments as they are given, and returns the outputs as NVML set them', () => {
    const library = fakeWith({ snapshot: snapshotOf(cases) });
    nvml.nvmlInit({ path: library.path });
    for (const one of cases) {
      library.clearLog();
      const result = functions[one.called]?.(...one.args);
      expect({ called: one.called, result }).toEqual({ called: one.called, result: one.result });
      expect(library.log().at(-1)).toEqual({ fn: one.name, key: one.key });
    }
  });

  it('declares the type of what it returns', () => {
    const declared = new Declared('src/nvml.ts');
    nvml.nvmlInit({ path: fakeWith({ snapshot: snapshotOf(cases) }).path });
    expect(
      cases.flatMap(({ called, args }) => declared.ofResult(called, functions[called]?.(...args)) ?? []),
    ).toEqual([]);
  }, 120_000);

  it('gives the same as a promise', async () => {
    nvml.nvmlInit({ path: fakeWith({ snapshot: snapshotOf(cases) }).path });
    for (const one of cases) {
      const later = (promises as unknown as typeof functions)[one.called] as (
        ...args: unknown[]
      ) => Promise<unknown>;
      expect({ called: one.called, result: await later(...one.args) }).toEqual({
        called: one.called,
        result: one.result,
      });
    }
  });

  const errors = Object.entries(nvml).filter(([name]) => /^NVML_ERROR_/.test(name)) as [string, number][];
  it.each(errors)('throws the class of %s', (symbol, code) => {
    const className = `NVMLError_${symbol
      .slice(11)
      .split('_')
      .map((w) => w[0] + w.slice(1).toLowerCase())
      .join('')}`;
    const ErrorClass = (nvml as unknown as Record<string, new () => nvml.NVMLError>)[className];
    if (ErrorClass === undefined) throw new Error(`there is no ${className}`);
    const library = fakeWith({ snapshot: snapshotOf(cases), faults: [{ fn: '*', status: code, after: 1 }] });
    nvml.nvmlInit({ path: library.path });
    for (const one of cases) {
      const versions = 1 + (entryOf[one.called as FunctionName].newer?.length ?? 0);
      const attempt = (): unknown => functions[one.called]?.(...one.args);
      for (let i = 0; i < 2 * versions; i++) {
        try {
          attempt();
        } catch {
          // the first calls of each version are let through
        }
      }
      let thrown: unknown;
      try {
        attempt();
      } catch (error) {
        thrown = error;
      }
      expect({
        called: one.called,
        is: thrown instanceof ErrorClass && thrown instanceof nvml.NVMLError,
      }).toEqual({ called: one.called, is: true });
      expect(thrown).toMatchObject({ code, symbol, name: className });
    }
  });
});
