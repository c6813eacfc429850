/** A call of every function with samples, the recording that answers it, and what its caller must get. */
import { expect } from 'vitest';
import type { Entry } from '../../src/nvml/entry.js';
import { takesArgument } from '../../src/nvml/functions/caller.js';
import { ABSENT_FIELDS } from '../../src/nvml/functions/fields.js';
import * as entries from '../../src/nvml/generated/entries.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { nvmlValue_t } from '../../src/nvml/generated/layouts.js';
import type { Layout } from '../../src/nvml/layout.js';
import type { HandleKind, Param } from '../../src/nvml/prototype.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { machine } from '../fake-nvml/machine.js';
import { type Handles, type Pointed, sampleAnswer, sampleInput, TEXT_POINTERS } from './samples.js';

export const entryOf: Readonly<Record<FunctionName, Entry>> = entries;

/** The version that answers under a name: its own, or the newest. */
const answering = (name: FunctionName): Entry => {
  const entry = entryOf[name];
  return entry.newer?.[0] ?? entry;
};

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

export interface Case {
  readonly name: FunctionName;
  readonly args: readonly unknown[];
  readonly key: string;
  readonly answer: Json;
  readonly result: unknown;
}

export function caseOf(name: FunctionName, handles: Handles): Case {
  const { fn, params } = answering(name);
  const inputs = params.map((param, i) => {
    if (param[0] === 'fixed') return { key: [String(param[2])] };
    // A recording's key does not distinguish the fields of two structs: the second stays empty.
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

export const snapshotOf = (cases: readonly Case[]): Snapshot => {
  const calls: Record<string, Record<string, Json>> = {};
  for (const one of cases) calls[one.name] = { ...calls[one.name], [one.key]: one.answer };
  return { ...machine, calls };
};
