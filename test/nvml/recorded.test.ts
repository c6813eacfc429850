import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import {
  type Call,
  call,
  type Driver,
  type FieldId,
  type Handle,
  isOut,
  SUBJECT,
} from '../../src/nvml/call.js';
import { ask } from '../../src/nvml/session.js';
import { statusSymbol } from '../../src/nvml/status.js';
import { recordedCalls } from '../../src/simulator/recorded-calls.js';
import type { Json } from '../../src/snapshot/answer.js';
import { decodeFieldValue, decodeOut } from '../../src/snapshot/answer-decode.js';
import { answerKey } from '../../src/snapshot/answer-key.js';
import { parseSnapshot } from '../../src/snapshot/snapshot.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';

const fake = await buildFake();
const folder = new URL('../../snapshots/', import.meta.url);
/** Recordings with a GPU: the others have too little to compare. */
const machines = readdirSync(folder).filter(
  (file) =>
    file.endsWith('.json') &&
    parseSnapshot(readFileSync(new URL(file, folder), 'utf8'), file).calls.nvmlDeviceGetName !== undefined,
);

/** Names for the addresses that a fake gives out. */
function namesOf(library: FakeLibrary, names: readonly string[]) {
  const byAddress = new Map(names.map((name) => [library.handleOf(name), name]));
  return {
    handleOf: library.handleOf,
    nameOf: (address: bigint): string => byAddress.get(address as Handle) ?? '',
  };
}

function answer(driver: Driver, one: Call, names: ReturnType<typeof namesOf>): Json {
  const bound = driver.bind(one);
  if (bound === undefined) return { error: 'NVML_ERROR_FUNCTION_NOT_FOUND' };
  // Twice, because a function may overwrite its input.
  bound.run();
  if (bound.run() !== 0) return { error: statusSymbol(bound.status) };
  const outs = one.args.filter(isOut);
  const values = outs.flatMap((out, i) =>
    out.out === 'struct' && out.given ? [] : [decodeOut(out, bound.memory[i] as Buffer, names)],
  );
  return values.length === 1 ? (values[0] as Json) : values;
}

describe.skipIf(!fake.available)('a library with the answers of a recorded machine', () => {
  it.each(machines)('gives through koffi what was recorded: %s', (file) => {
    const snapshot = parseSnapshot(readFileSync(new URL(file, folder), 'utf8'), file);
    const library = fake.with({ snapshot });
    const handles = [...readFileSync(`${library.path}.table`, 'utf8').matchAll(/^!handle (\S+)/gm)];
    const names = namesOf(
      library,
      handles.map((match) => match[1] ?? ''),
    );
    const driver = loadLibrary({ path: library.path, env: {} });
    onTestFinished(() => driver.close());
    ask(driver, call('nvmlInit_v2'));
    // Metrics are recorded one by one, however many are asked for in a call.
    const calls = recordedCalls(snapshot.calls, library.handleOf).filter(
      ({ fn }) => fn !== 'nvmlShutdown' && fn !== 'nvmlGpmMetricsGet',
    );
    const wrong = calls.flatMap((one) => {
      const key = answerKey(one, names.nameOf);
      const recorded = snapshot.calls[one.fn]?.[key];
      const given = answer(driver, one, names);
      return JSON.stringify(given) === JSON.stringify(recorded) ? [] : [[one.fn, key, recorded, given]];
    });
    expect(calls.length).toBeGreaterThan(400);
    expect(wrong).toEqual([]);
  });

  it.each(machines)('gives the field values that were recorded: %s', (file) => {
    const snapshot = parseSnapshot(readFileSync(new URL(file, folder), 'utf8'), file);
    const library = fake.with({ snapshot });
    const driver = loadLibrary({ path: library.path, env: {} });
    onTestFinished(() => driver.close());
    ask(driver, call('nvmlInit_v2'));
    const recorded = snapshot.calls.nvmlDeviceGetFieldValues ?? {};
    const keys = Object.keys(recorded).filter((key) => key.startsWith('gpu0,'));
    const ids = keys.map((key): FieldId => {
      const [id = 0, scope = 0] = (key.split(',')[1] ?? '').split(':').map(Number);
      return [id, scope];
    });
    const fields: Call = { fn: 'nvmlDeviceGetFieldValues', args: [SUBJECT, { out: 'fields', ids }] };
    const { status, memory } = ask(driver, fields, library.handleOf('gpu0'));
    expect(status).toBe(0);
    const given = keys.map((_, i) => {
      const field = decodeFieldValue(memory[0] as Buffer, i);
      return field.status === 0 ? field.value : { error: statusSymbol(field.status) };
    });
    expect(keys.length).toBeGreaterThan(100);
    expect(given).toEqual(keys.map((key) => recorded[key]));
  });
});
