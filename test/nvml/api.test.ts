import { afterEach, describe, expect, it } from 'vitest';
import { type FunctionName, signatures } from '../../src/nvml/generated/functions.js';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';
import { Declared } from '../declared.js';
import { type Case, caseOf, entryOf, snapshotOf } from './expected.js';
import { fake, fakeWith, handlesOfFake, NO_HANDLES } from './samples.js';

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
    const opening = ['nvmlInit', 'nvmlInit_v2', 'nvmlInitWithFlags', 'nvmlShutdown'];
    expect(Object.keys(promises).sort()).toEqual([...names, ...opening].sort());
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
