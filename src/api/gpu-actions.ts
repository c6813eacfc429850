/** The actions of an open machine: arguments checked, and the program's actions run on each GPU. */

import { Acting, type Attempt } from '../act/acting.js';
import type { Action, ActionVerdict, Target } from '../act/action.js';
import { runNow, targetOf } from '../act/ask.js';
import * as limits from '../act/limits.js';
import * as mig from '../act/mig.js';
import * as modes from '../act/modes.js';
import { prepared } from '../act/modifications.js';
import { shown } from '../nvml/functions/check.js';
import type { Session } from '../nvml/session.js';
import { Asker } from '../query/ask/asker.js';
import { computeInstances } from '../query/mig/compute-instances.js';
import { type GpuInstance, gpuInstances } from '../query/mig/gpu-instances.js';
import type { ActionOptions, ActionResult, Actions, ComputeMode, CreateOptions } from './actions.js';
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
    return this.#run('clearAccountedApps', modes.clearAccounting, true, options);
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

  createGpuInstances(profiles: readonly string[], options: CreateOptions = {}): ActionResult[] {
    const fn = 'createGpuInstances';
    const wanted = listOf(fn, 'profiles', profiles, isName).map(mig.wantedOf);
    const { withCompute = false, ...others } = options;
    return this.#each(fn, others, (target, attempt) => {
      for (const each of wanted) {
        let made: number | undefined;
        const keep = (id: number): void => {
          made = id;
        };
        const verdict = attempt(mig.createGpuInstance(target, each, keep), () => ({ gpuInstance: made }));
        if (verdict.outcome === 'failed') return;
        if (!withCompute || made === undefined) continue;
        if (!this.#compute(target, attempt, made, mig.DEFAULT_PROFILE)) return;
      }
    });
  }

  createComputeInstances(
    gpuInstance: number,
    profiles: readonly string[] = [mig.DEFAULT_PROFILE],
    options?: ActionOptions,
  ): ActionResult[] {
    const fn = 'createComputeInstances';
    const names = listOf(fn, 'profiles', profiles, isName);
    listOf(fn, 'gpuInstance', [gpuInstance], isId);
    return this.#each(fn, options, (target, attempt) => {
      for (const name of names) if (!this.#compute(target, attempt, gpuInstance, name)) return;
    });
  }

  destroyGpuInstances(ids?: readonly number[], options?: ActionOptions): ActionResult[] {
    const fn = 'destroyGpuInstances';
    if (ids !== undefined) listOf(fn, 'ids', ids, isId);
    return this.#each(fn, options, (target, attempt) => {
      for (const instance of instancesIn(target, ids)) {
        attempt(mig.destroyGpuInstance(target, instance), () => ({ gpuInstance: instance.id }));
      }
    });
  }

  destroyComputeInstances(gpuInstances?: readonly number[], options?: ActionOptions): ActionResult[] {
    const fn = 'destroyComputeInstances';
    if (gpuInstances !== undefined) listOf(fn, 'gpuInstances', gpuInstances, isId);
    return this.#each(fn, options, (target, attempt) => {
      for (const instance of instancesIn(target, gpuInstances)) {
        for (const compute of runNow(target.asker, computeInstances(instance))) {
          attempt(mig.destroyComputeInstance(target, instance.id, compute), () => ({
            gpuInstance: instance.id,
            computeInstance: compute.id,
          }));
        }
      }
    });
  }

  /** Whether a compute instance could be made. */
  #compute(target: Target, attempt: Attempting, gpuInstance: number, profile: string): boolean {
    let made: number | undefined;
    const keep = (id: number): void => {
      made = id;
    };
    const what = mig.createComputeInstance(target, gpuInstance, profile, keep);
    const { outcome } = attempt(what, () => ({ gpuInstance, computeInstance: made }));
    return outcome !== 'failed';
  }

  #run<Value>(fn: string, action: Action<Value>, value: Value, options?: ActionOptions): ActionResult[] {
    const { action: facts, shown: asked, check, make } = prepared(action, value);
    return this.#each(fn, options, (target, attempt) => {
      attempt({
        action: facts.name,
        value: asked,
        target,
        fields: facts.fields,
        needs: facts.needs,
        check: () => check(target),
        make: () => make(target),
      });
    });
  }

  /** Makes attempts on each GPU that the options name. */
  #each(
    fn: string,
    options: ActionOptions = {},
    act: (target: Target, attempt: Attempting) => void,
  ): ActionResult[] {
    this.#life.check();
    const chosen = gpusAmong(chosenOf(fn, this.#session, options, ['dryRun']));
    const { dryRun = false } = options;
    if (typeof dryRun !== 'boolean') {
      throw new TypeError(`${fn}: dryRun must be true or false, not ${shown(dryRun)}`);
    }
    const acting = new Acting(
      new Asker(this.#session),
      SILENT,
      { isDryRun: dryRun, isJson: true },
      undefined,
    );
    const parts: ActionParts[] = [];
    for (const gpu of chosen) {
      act(targetOf(acting.asker, gpu), (attempt, partOf = () => ({})) => {
        const verdict = acting.attempt(attempt);
        parts.push(partOf());
        return verdict;
      });
    }
    // Attempts on GPUs have an index and an outcome.
    return acting.records.map(
      ({ part: _, 'pci.bus_id': __, ...record }, i) =>
        ({ ...record, ...defined(parts[i] ?? {}) }) as ActionResult,
    );
  }
}

/** The instances that an attempt is about, as they are known after it. */
interface ActionParts {
  readonly gpuInstance?: number | undefined;
  readonly computeInstance?: number | undefined;
}

type Attempting = (attempt: Attempt, partOf?: () => ActionParts) => ActionVerdict;

const defined = (parts: ActionParts): object =>
  Object.fromEntries(Object.entries(parts).filter(([, id]) => id !== undefined));

const instancesIn = ({ asker, gpu }: Target, ids: readonly number[] | undefined): readonly GpuInstance[] =>
  runNow(asker, gpuInstances(gpu)).filter(({ id }) => ids === undefined || ids.includes(id));

const isName = (each: unknown): each is string => typeof each === 'string' && each !== '';
const isId = (each: unknown): each is number => Number.isInteger(each) && Number(each) >= 0;

function listOf<T>(
  fn: string,
  name: string,
  list: readonly T[],
  holds: (each: unknown) => boolean,
): readonly T[] {
  if (Array.isArray(list) && list.every(holds)) return list;
  throw new TypeError(`${fn}: ${name} cannot be ${shown(list)}`);
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
  if (low > high) throw new TypeError(`${fn}: the lower clock must come first, not ${low} and ${high}`);
  return range;
}
