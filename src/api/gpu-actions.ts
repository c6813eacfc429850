/** The actions of an open machine: arguments checked, and the program's actions run on each GPU. */

import { Acting } from '../act/acting.js';
import type { Action } from '../act/action.js';
import { targetOf } from '../act/ask.js';
import * as limits from '../act/limits.js';
import * as modes from '../act/modes.js';
import { prepared } from '../act/modifications.js';
import { shown } from '../nvml/functions/check.js';
import type { Session } from '../nvml/session.js';
import type { ActionOptions, ActionResult, Actions, ComputeMode } from './actions.js';
import { chosenOf, gpusAmong } from './chosen-gpus.js';
import type { Life } from './life.js';

const COMPUTE_MODES: Readonly<Record<ComputeMode, number>> = {
  DEFAULT: 0,
  PROHIBITED: 2,
  EXCLUSIVE_PROCESS: 3,
};
const COUNTS = { volatile: 0, aggregate: 1 } as const;

/** The program prints what was done; here the results say it. */
const SILENT = { out: () => undefined, err: () => undefined };

export class GpuActions implements Actions {
  readonly #session: Session;
  readonly #life: Life;

  constructor(session: Session, life: Life) {
    this.#session = session;
    this.#life = life;
  }

  persistenceMode(on: boolean, options?: ActionOptions): ActionResult[] {
    return this.#run('persistenceMode', modes.persistence, state('persistenceMode', on), options);
  }

  eccMode(on: boolean, options?: ActionOptions): ActionResult[] {
    return this.#run('eccMode', modes.ecc, state('eccMode', on), options);
  }

  resetEccErrors(counts: 'volatile' | 'aggregate', options?: ActionOptions): ActionResult[] {
    return this.#run('resetEccErrors', modes.eccErrors, named('resetEccErrors', COUNTS, counts), options);
  }

  computeMode(mode: ComputeMode, options?: ActionOptions): ActionResult[] {
    return this.#run('computeMode', modes.compute, named('computeMode', COMPUTE_MODES, mode), options);
  }

  accountingMode(on: boolean, options?: ActionOptions): ActionResult[] {
    return this.#run('accountingMode', modes.accounting, state('accountingMode', on), options);
  }

  clearAccountedApps(options?: ActionOptions): ActionResult[] {
    return this.#run('clearAccountedApps', modes.clearAccounting, 0, options);
  }

  migMode(on: boolean, options?: ActionOptions): ActionResult[] {
    return this.#run('migMode', modes.mig, state('migMode', on), options);
  }

  powerLimit(watts: number, options?: ActionOptions): ActionResult[] {
    const value = { watts: number('powerLimit', 'watts', watts), scope: 0 };
    return this.#run('powerLimit', limits.powerLimit, value, options);
  }

  lockGpuClocks(low: number, high = low, options?: ActionOptions): ActionResult[] {
    return this.#run('lockGpuClocks', limits.gpuClocks, clocks('lockGpuClocks', low, high), options);
  }

  resetGpuClocks(options?: ActionOptions): ActionResult[] {
    return this.#run('resetGpuClocks', limits.resetGpuClocks, true, options);
  }

  lockMemoryClocks(low: number, high = low, options?: ActionOptions): ActionResult[] {
    return this.#run('lockMemoryClocks', limits.memoryClocks, clocks('lockMemoryClocks', low, high), options);
  }

  resetMemoryClocks(options?: ActionOptions): ActionResult[] {
    return this.#run('resetMemoryClocks', limits.resetMemoryClocks, true, options);
  }

  applicationsClocks(memory: number, graphics: number, options?: ActionOptions): ActionResult[] {
    const fn = 'applicationsClocks';
    const pair = [clock(fn, memory), clock(fn, graphics)] as const;
    return this.#run(fn, limits.applicationClocks, pair, options);
  }

  resetApplicationsClocks(options?: ActionOptions): ActionResult[] {
    return this.#run('resetApplicationsClocks', limits.resetApplicationClocks, true, options);
  }

  targetTemperature(celsius: number, options?: ActionOptions): ActionResult[] {
    const value = number('targetTemperature', 'celsius', celsius);
    return this.#run('targetTemperature', limits.targetTemperature, value, options);
  }

  #run<Value>(fn: string, action: Action<Value>, value: Value, options: ActionOptions = {}): ActionResult[] {
    this.#life.check();
    const chosen = gpusAmong(chosenOf(fn, this.#session, options, ['dryRun']));
    const { dryRun = false } = options;
    if (typeof dryRun !== 'boolean') {
      throw new TypeError(`${fn}: dryRun must be true or false, not ${shown(dryRun)}`);
    }
    const acting = new Acting(this.#session, SILENT, { isDryRun: dryRun, isJson: true }, undefined);
    const { action: facts, shown: asked, check, make } = prepared(action, value);
    for (const gpu of chosen) {
      const target = targetOf(this.#session, gpu);
      acting.attempt({
        action: facts.name,
        value: asked,
        target,
        fields: facts.fields,
        needs: facts.needs,
        check: () => check(target),
        make: () => make(target),
      });
    }
    // Attempts on GPUs have an index and an outcome.
    return acting.records.map(({ part: _, 'pci.bus_id': __, ...record }) => record as ActionResult);
  }
}

const state = (fn: string, on: boolean): number => {
  if (typeof on !== 'boolean') throw new TypeError(`${fn}: must be true or false, not ${shown(on)}`);
  return Number(on);
};

function named(fn: string, words: Readonly<Record<string, number>>, word: string): number {
  const value = Object.hasOwn(words, word) ? words[word] : undefined;
  if (value !== undefined) return value;
  throw new TypeError(`${fn}: must be one of ${Object.keys(words).join(', ')}, not ${shown(word)}`);
}

function number(fn: string, name: string, value: number): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`${fn}: ${name} must be a number, not ${shown(value)}`);
}

function clock(fn: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value;
  throw new TypeError(`${fn}: a clock must be a whole number of MHz, not ${shown(value)}`);
}

function clocks(fn: string, low: number, high: number): limits.Range {
  const range = [clock(fn, low), clock(fn, high)] as const;
  if (low > high) throw new TypeError(`${fn}: the lower clock comes first, not ${low} and ${high}`);
  return range;
}
