/**
 * The plan of `apply`: what has to be done to GPUs until they are as wanted, in the order in which it can be done. Persistence mode
 * first, as a GPU without it forgets the rest; then what is of MIG: instances go, the mode is switched, instances come.
 */

import { UsageError } from '../../base/errors.js';
import { Missing } from '../../nvml/status.js';
import { type ComputeInstance, computeInstances, isDefault } from '../../query/mig/compute-instances.js';
import { type GpuInstance, gpuInstances } from '../../query/mig/gpu-instances.js';
import type { Attempt } from '../acting.js';
import type { Action, Target } from '../action.js';
import { fieldsNow, fieldText, gpuFieldsNow, runNow } from '../ask.js';
import * as limits from '../limits.js';
import * as mig from '../mig.js';
import * as modes from '../modes.js';
import { prepared } from '../modifications.js';
import { wattText } from '../value.js';
import { COMPUTE_MODES, type DesiredGpu, type WantedInstance } from './desired.js';
import { bare, instancesIn } from './layout.js';

/** A step of a plan. Its attempt is made when its turn comes: what was created before it is known then. */
export interface Step {
  readonly words: string;
  readonly destroys?: true;
  attempt(): Attempt;
  /** Checked before anything is changed. */
  readonly isChecked?: true;
}

type PlanPart = (desired: DesiredGpu, target: Target) => readonly Step[];

/** A step of an action, with what it is about in words. */
function stepOf<Value>(target: Target, action: Action<Value>, value: Value, words: string): Step {
  const { action: facts, shown, check, make } = prepared(action, value);
  return {
    words,
    isChecked: true,
    attempt: () => ({
      action: facts.name,
      value: shown,
      target,
      fields: facts.fields,
      needs: facts.needs,
      check: () => check(target),
      make: () => make(target),
    }),
  };
}

/** A step unless a field has the value already. */
function unless<Value>(
  target: Target,
  name: string,
  wanted: number | string,
  action: Action<Value>,
  value: Value,
): readonly Step[] {
  const before = fieldText(target, name);
  const after = typeof wanted === 'number' ? `${wattText(wanted)} W` : wanted;
  return before === after ? [] : [stepOf(target, action, value, `${name}: ${before} -> ${after}`)];
}

const STATE = ['Disabled', 'Enabled'] as const;
const COMPUTE_TEXT = { DEFAULT: 'Default', PROHIBITED: 'Prohibited', EXCLUSIVE_PROCESS: 'Exclusive_Process' };
const COMPUTE_NUMBER = { DEFAULT: 0, PROHIBITED: 2, EXCLUSIVE_PROCESS: 3 };

const persistence =
  (wanted: boolean): PlanPart =>
  ({ persistence_mode: mode }, target) =>
    mode === wanted
      ? unless(target, 'persistence_mode', STATE[Number(mode)] as string, modes.persistence, Number(mode))
      : [];

const ecc: PlanPart = ({ ecc: on }, target) =>
  on === undefined
    ? []
    : unless(target, 'ecc.mode.pending', STATE[Number(on)] as string, modes.ecc, Number(on));

const computeMode: PlanPart = ({ compute_mode: mode }, target) => {
  const known = COMPUTE_MODES.find((each) => each === mode);
  return known === undefined
    ? []
    : unless(target, 'compute_mode', COMPUTE_TEXT[known], modes.compute, COMPUTE_NUMBER[known]);
};

const accounting: PlanPart = ({ accounting_mode: on }, target) =>
  on === undefined
    ? []
    : unless(target, 'accounting.mode', STATE[Number(on)] as string, modes.accounting, Number(on));

const powerLimit: PlanPart = ({ power_limit: watts }, target) =>
  watts === undefined ? [] : unless(target, 'power.limit', watts, limits.powerLimit, { watts, scope: 0 });

const UNREAD = 'cannot be read back, so it is set each time';

/** Locked clocks: NVML has no getter for them. */
const lockedClocks: PlanPart = ({ gpu_clocks: gpu, memory_clocks: memory }, target) => [
  ...(gpu === undefined
    ? []
    : [
        gpu === 'default'
          ? stepOf(target, limits.resetGpuClocks, true, `gpu_clocks: default (${UNREAD})`)
          : stepOf(target, limits.gpuClocks, gpu, `gpu_clocks: ${gpu.join(',')} MHz (${UNREAD})`),
      ]),
  ...(memory === undefined
    ? []
    : [
        memory === 'default'
          ? stepOf(target, limits.resetMemoryClocks, true, `memory_clocks: default (${UNREAD})`)
          : stepOf(target, limits.memoryClocks, memory, `memory_clocks: ${memory.join(',')} MHz (${UNREAD})`),
      ]),
];

const CLOCK_FIELDS = ['clocks.applications.memory', 'clocks.applications.graphics'] as const;
const DEFAULT_CLOCK_FIELDS = [
  'clocks.default_applications.memory',
  'clocks.default_applications.graphics',
] as const;

const applicationsClocks: PlanPart = ({ applications_clocks: wanted }, target) => {
  if (wanted === undefined) return [];
  const before = Object.values(fieldsNow(target, CLOCK_FIELDS));
  const after =
    wanted === 'default'
      ? Object.values(fieldsNow(target, DEFAULT_CLOCK_FIELDS))
      : [wanted.memory, wanted.graphics];
  if (before.join() === after.join()) return [];
  const words = `applications_clocks: ${before.join(',')} -> ${after.join(',')} MHz`;
  return [
    wanted === 'default'
      ? stepOf(target, limits.resetApplicationClocks, true, words)
      : stepOf(target, limits.applicationClocks, [wanted.memory, wanted.graphics], words),
  ];
};

const temperature: PlanPart = ({ target_temperature: celsius }, target) => {
  if (celsius === undefined) return [];
  const step = stepOf(target, limits.targetTemperature, celsius, `target_temperature: ${celsius} C`);
  return limits.targetTemperature.check(target, celsius).outcome === 'unchanged' ? [] : [step];
};

interface Existing {
  readonly instance: GpuInstance;
  readonly computes: readonly ComputeInstance[];
}

const spelled = (profile: string, start: unknown): string => `${bare(profile)}:${String(start)}`;

/** Whether the instances are the wanted ones, each with one compute instance that takes all of it. */
function isAsWanted(existing: readonly Existing[], wanted: readonly WantedInstance[]): boolean {
  if (existing.length !== wanted.length) return false;
  const whole = existing.every(
    ({ instance, computes: [only, ...others] }) =>
      only !== undefined && others.length === 0 && isDefault(only.profile, instance),
  );
  const left = existing.map(({ instance }) => ({
    name: instance.profile.name,
    start: instance.placement.start,
  }));
  // Those with a place are looked for first: the others take what is left.
  for (const { profile, start } of [...wanted].sort(
    (a, b) => Number(b.start !== undefined) - Number(a.start !== undefined),
  )) {
    const at = left.findIndex(
      (each) =>
        bare(each.name) === profile &&
        (start === undefined || spelled(each.name, each.start) === spelled(profile, start)),
    );
    if (at === -1) return false;
    left.splice(at, 1);
  }
  return whole;
}

const migSteps: PlanPart = ({ mig: layout }, target) => {
  if (layout === undefined) return [];
  const { asker, gpu } = target;
  const mode = gpuFieldsNow(asker, gpu, ['mig.mode.current'])[0];
  if (mode === undefined || mode instanceof Missing) {
    if (layout === false) return [];
    throw new UsageError(`GPU ${gpu.index} has no MIG.`);
  }
  const isOn = Number(mode) !== 0;
  const existing = !isOn
    ? []
    : runNow(asker, gpuInstances(gpu)).map((instance) => ({
        instance,
        computes: runNow(asker, computeInstances(instance)),
      }));
  const wanted = layout === false ? [] : instancesIn(target, layout);
  if (isOn === (layout !== false) && isAsWanted(existing, wanted)) return [];
  const value = layout === false ? 0 : 1;
  return [
    ...existing.flatMap((each) => destruction(target, each)),
    ...(isOn === (layout !== false)
      ? []
      : [stepOf(target, modes.mig, value, `mig.mode: ${STATE[Number(isOn)]} -> ${STATE[value]}`)]),
    ...wanted.flatMap((each) => creation(target, each)),
  ];
};

const destruction = (target: Target, { instance, computes }: Existing): readonly Step[] => [
  ...computes.map(
    (compute): Step => ({
      words: `destroy compute instance ${compute.id} of GPU instance ${instance.id} (${bare(compute.profile.name)})`,
      destroys: true,
      attempt: () => mig.destroyComputeInstance(target, instance.id, compute),
    }),
  ),
  {
    words: `destroy GPU instance ${instance.id} (${bare(instance.profile.name)})`,
    destroys: true,
    attempt: () => mig.destroyGpuInstance(target, instance),
  },
];

function creation(target: Target, { profile, start }: WantedInstance): readonly Step[] {
  const written = start === undefined ? profile : `${profile}:${start}`;
  let made = -1;
  const keep = (id: number): void => {
    made = id;
  };
  return [
    {
      words: `create a GPU instance ${written}`,
      attempt: () => mig.createGpuInstance(target, { written, profile, start }, keep),
    },
    {
      words: `create its compute instance`,
      attempt: () => mig.createComputeInstance(target, made, mig.DEFAULT_PROFILE),
    },
  ];
}

const PARTS: readonly PlanPart[] = [
  persistence(true),
  migSteps,
  ecc,
  computeMode,
  accounting,
  applicationsClocks,
  lockedClocks,
  powerLimit,
  temperature,
  persistence(false),
];

/** The steps for one GPU. Throws UsageError for a MIG layout that it cannot have. */
export const planFor = (desired: DesiredGpu, target: Target): readonly Step[] =>
  PARTS.flatMap((part) => part(desired, target));
