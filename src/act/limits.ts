/** Table: the options that set clocks, power limits and temperatures of a GPU, with nvidia-smi's words (550.163.01). */
import type { Release } from '../base/release.js';
import {
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NO_PERMISSION,
  NVML_ERROR_NOT_SUPPORTED,
  NVML_FI_DEV_POWER_MAX_LIMIT,
  NVML_FI_DEV_POWER_MIN_LIMIT,
  NVML_FI_DEV_POWER_REQUESTED_LIMIT,
  NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_CURR,
  NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MAX,
  NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MIN,
} from '../nvml/generated/constants.js';
import * as nvml from '../nvml/generated/entries.js';
import { isTooNew, Missing, statusReason } from '../nvml/status.js';
import { want } from '../query/ask/asking.js';
import { field } from '../query/probe.js';
import {
  type Action,
  type ActionVerdict,
  changed,
  failed,
  ready,
  type Target,
  unsupported,
} from './action.js';
import { now, valuesNow } from './ask.js';
import { change } from './change.js';
import { type Setting, settingAction } from './setting.js';
import { milliwatts, wattText } from './value.js';
import { verdictOf } from './words.js';

export type Range = readonly [low: number, high: number];

const denied = (gpu: string): ActionVerdict =>
  failed(
    NVML_ERROR_NO_PERMISSION,
    `The current user does not have permission to change clocks for GPU ${gpu}.`,
  );

const unsuitable = (pair: string, gpu: string): ActionVerdict =>
  unsupported(
    NVML_ERROR_NOT_SUPPORTED,
    `Specified clock combination "${pair}" is not supported for GPU ${gpu}. Run 'nvidia-smi -q -d SUPPORTED_CLOCKS' to see list of supported clock combinations`,
  );

interface Clocks<Value> extends Omit<Setting<Value>, 'text'> {
  /** NOT_SUPPORTED is not called a warning, from this release on. */
  readonly quietSince?: Release;
}

const clockAction = <Value>({ words, quietSince, ...clocks }: Clocks<Value>): Action<Value> => {
  const setting = settingAction<Value>({
    shown: () => null,
    ...clocks,
    text: () => '',
    words(gpu, text, value, release) {
      const own = words(gpu, text, value, release);
      return { ...own, special: { [NVML_ERROR_NO_PERMISSION]: denied(gpu), ...own.special } };
    },
  });
  if (quietSince === undefined) return setting;
  return {
    ...setting,
    make(target, value) {
      const verdict = setting.make(target, value);
      const { absent } = words(target.busId, '', value, target.release);
      const isAbsent = verdict.lines[0] === absent;
      return isAbsent && target.release >= quietSince ? { ...verdict, isQuiet: true } : verdict;
    },
  };
};

/** NVML_CLOCK_LIMIT_ID_*: words in place of clocks. */
export const CLOCK_LIMITS: Readonly<Record<string, number>> = { tdp: 0xffffff01, unlimited: 0xffffff02 };

const limitText = (clock: number): string =>
  Object.entries(CLOCK_LIMITS).find(([, id]) => id === clock)?.[0] ?? String(clock);

const rangeText = ([low, high]: Range): string => `${limitText(low)},${limitText(high)}`;

export const gpuClocks = clockAction<Range>({
  name: 'lock-gpu-clocks',
  functions: ['nvmlDeviceSetGpuLockedClocks'],
  shown: rangeText,
  set: ({ asker, gpu }, [minGpuClockMHz, maxGpuClockMHz]) =>
    change(asker, nvml.nvmlDeviceSetGpuLockedClocks, { minGpuClockMHz, maxGpuClockMHz }, gpu).status,
  words: (gpu, _, [low, high]) => ({
    done: `GPU clocks set to "(gpuClkMin ${limitText(low)}, gpuClkMax ${limitText(high)})" for GPU ${gpu}`,
    absent: `Setting locked GPU clocks is not supported for GPU ${gpu}.`,
    special: {
      [NVML_ERROR_INVALID_ARGUMENT]: unsuitable(`(gpuClkMin ${low}, gpuClkMax ${high})`, gpu),
    },
    failed: `Unable to set GPU locked clocks "(gpuClockMin ${limitText(low)}, gpuClockMax ${limitText(high)})" for GPU ${gpu}`,
  }),
});

export const resetGpuClocks = clockAction<true>({
  name: 'reset-gpu-clocks',
  functions: ['nvmlDeviceResetGpuLockedClocks'],
  set: ({ asker, gpu }) => change(asker, nvml.nvmlDeviceResetGpuLockedClocks, {}, gpu).status,
  words: (gpu) => ({
    absent: `Setting locked gpu clocks is not supported for GPU ${gpu}.`,
    failed: `Unable to reset locked gpu clocks for GPU ${gpu}`,
  }),
});

/** As C prints a signed number. */
const signed = (value: number): number => value | 0;

const memoryPair = (name: string, [low, high]: Range): string =>
  `(${name}Min ${signed(low)}, ${name}Max ${signed(high)})`;

export const memoryClocks = clockAction<Range>({
  name: 'lock-memory-clocks',
  functions: ['nvmlDeviceSetMemoryLockedClocks'],
  shown: ([low, high]) => `${low},${high}`,
  // 470 calls it a warning.
  quietSince: 525,
  set: ({ asker, gpu }, [minMemClockMHz, maxMemClockMHz]) =>
    change(asker, nvml.nvmlDeviceSetMemoryLockedClocks, { minMemClockMHz, maxMemClockMHz }, gpu).status,
  words: (gpu, _, range) => ({
    done: `Memory clocks set to "${memoryPair('memClk', range)}" for GPU ${gpu}`,
    absent: `Setting locked Memory clocks is not supported for GPU ${gpu}.`,
    special: { [NVML_ERROR_INVALID_ARGUMENT]: unsuitable(memoryPair('memClk', range), gpu) },
    failed: `Unable to set Memory locked clocks "${memoryPair('memClock', range)}" for GPU ${gpu}`,
  }),
});

export const resetMemoryClocks = clockAction<true>({
  name: 'reset-memory-clocks',
  functions: ['nvmlDeviceResetMemoryLockedClocks'],
  set: ({ asker, gpu }) => change(asker, nvml.nvmlDeviceResetMemoryLockedClocks, {}, gpu).status,
  words: (gpu) => ({
    absent: `Setting locked Memory clocks is not supported for GPU ${gpu}.`,
    failed: `Unable to reset locked Memory clocks for GPU ${gpu}`,
  }),
});

const APPLICATION_CLOCKS = ['clocks.applications.memory', 'clocks.applications.graphics'];

export const applicationClocks = clockAction<Range>({
  name: 'applications-clocks',
  functions: ['nvmlDeviceSetApplicationsClocks'],
  fields: APPLICATION_CLOCKS,
  shown: ([memory, graphics]) => `${memory},${graphics}`,
  set: ({ asker, gpu }, [memClockMHz, graphicsClockMHz]) =>
    change(asker, nvml.nvmlDeviceSetApplicationsClocks, { memClockMHz, graphicsClockMHz }, gpu).status,
  words: (gpu, _, [memory, graphics]) => {
    const pair = `(MEM ${memory}, SM ${graphics})`;
    return {
      done: `Applications clocks set to "${pair}" for GPU ${gpu}`,
      absent: `Setting applications clocks is not supported for GPU ${gpu}.`,
      special: { [NVML_ERROR_INVALID_ARGUMENT]: unsuitable(pair, gpu) },
      failed: `Unable to set applications clocks "${pair}" for GPU ${gpu}`,
    };
  },
});

export const resetApplicationClocks = clockAction<true>({
  name: 'reset-applications-clocks',
  functions: ['nvmlDeviceResetApplicationsClocks'],
  fields: APPLICATION_CLOCKS,
  set: ({ asker, gpu }) => change(asker, nvml.nvmlDeviceResetApplicationsClocks, {}, gpu).status,
  words: (gpu) => ({
    absent: `Setting applications clocks is not supported for GPU ${gpu}.`,
    failed: `Unable to reset applications clocks for GPU ${gpu}`,
  }),
});

/** A power limit, and what it limits. */
export interface PowerLimit {
  readonly watts: number;
  /** NVML_POWER_SCOPE_*: the GPU, or its module with the CPU. */
  readonly scope: number;
}

/** As NVML numbers them: the GPU is 0, its module is 1. */
const SCOPES: Readonly<Record<number, true>> = { 0: true, 1: true };
const GPU_SCOPE = 0;

const limitsOf = ({ asker, gpu }: Target, scope: number) =>
  valuesNow(
    asker,
    gpu,
    [NVML_FI_DEV_POWER_MIN_LIMIT, NVML_FI_DEV_POWER_MAX_LIMIT, NVML_FI_DEV_POWER_REQUESTED_LIMIT].map((id) =>
      want(field(id, scope)),
    ),
  );

export const powerLimit: Action<PowerLimit> = {
  name: 'power-limit',
  functions: ['nvmlDeviceSetPowerManagementLimit_v2', 'nvmlDeviceSetPowerManagementLimit'],
  fields: ['power.limit'],
  needs: ['root'],
  shown: ({ watts }) => watts,
  check(target, { watts, scope }) {
    const gpu = target.busId;
    if (SCOPES[scope] === undefined) {
      return failed(
        NVML_ERROR_INVALID_ARGUMENT,
        'Failed to set power management limit. Invalid device type.',
      );
    }
    const [low, high] = limitsOf(target, scope);
    const absent = `Changing power management limit is not supported in current scope for GPU: ${gpu}.`;
    if (low === undefined || low instanceof Missing || high === undefined || high instanceof Missing) {
      return { ...unsupported(NVML_ERROR_NOT_SUPPORTED, absent), isQuiet: true };
    }
    const wanted = milliwatts(watts);
    if (wanted >= Number(low) && wanted <= Number(high)) return ready;
    const [least, most] = [Number(low) / 1000, Number(high) / 1000];
    return failed(
      NVML_ERROR_INVALID_ARGUMENT,
      `Provided power limit ${wattText(watts)} W is not a valid power limit which should be between ${wattText(least)} W and ${wattText(most)} W for GPU ${gpu}`,
    );
  },
  make(target, { watts, scope }) {
    const { asker, gpu, busId } = target;
    const before = limitsOf(target, scope)[2];
    const powerValueMw = milliwatts(watts);
    let { status } = change(
      asker,
      nvml.nvmlDeviceSetPowerManagementLimit_v2,
      { powerScope: scope, powerValueMw },
      gpu,
    );
    if (isTooNew(status) && scope === GPU_SCOPE) {
      status = change(asker, nvml.nvmlDeviceSetPowerManagementLimit, { limit: powerValueMw }, gpu).status;
    }
    const from = before === undefined || before instanceof Missing ? 0 : Number(before) / 1000;
    return verdictOf(status, {
      done: `Power limit for GPU ${busId} was set to ${wattText(watts)} W from ${wattText(from)} W.`,
      absent: `Changing power management limit is not supported for GPU: ${busId}.`,
      failed: `Failed to set power management limit for GPU ${busId}`,
    });
  },
};

const threshold = (target: Target, thresholdType: number) =>
  now(target, nvml.nvmlDeviceGetTemperatureThreshold, 'temp', { thresholdType });

const BOUNDS = [
  ['Min', NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MIN],
  ['Max', NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MAX],
] as const;

export const targetTemperature = settingAction<number>({
  name: 'gpu-target-temp',
  functions: ['nvmlDeviceSetTemperatureThreshold'],
  text: String,
  shown: (value) => value,
  current: (target) => threshold(target, NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_CURR),
  lacking: (gpu) => `GPU Target Temperature Threshold not supported for GPU ${gpu}.`,
  unknown: (gpu) => `Unable to determine current Target Temperature for GPU ${gpu}`,
  same: (gpu, value) => `Requested GPU Target Temperature ${value} is already set for GPU ${gpu}`,
  range(target, value) {
    const limits: number[] = [];
    for (const [name, type] of BOUNDS) {
      const bound = threshold(target, type);
      if (bound instanceof Missing) {
        const line = `Unable to get ${name} Target Temperature for GPU ${target.busId}`;
        return failed(bound.status, `${line}: ${statusReason(bound.status)}`);
      }
      limits.push(Number(bound));
    }
    const [low = 0, high = 0] = limits;
    return value >= low && value <= high
      ? ready
      : failed(
          NVML_ERROR_INVALID_ARGUMENT,
          `Invalid input. GPU Target Temperature should be in range ${low} - ${high} for GPU ${target.busId}`,
        );
  },
  set({ asker, gpu }, temp) {
    const inputs = { thresholdType: NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_CURR, temp };
    return change(asker, nvml.nvmlDeviceSetTemperatureThreshold, inputs, gpu).status;
  },
  words: (gpu) => ({ failed: `Unable to set requested Target Temperature for GPU ${gpu}` }),
});

/**
 * What nvidia-smi does past NVML's functions, so that it cannot be done here: a failure, as nothing was done, also where its own words
 * are a warning.
 */
export const beyondNvml = <Value>(
  name: string,
  words: (gpu: string, value: Value) => string,
  shown: (value: Value) => string | number | null = () => null,
): Action<Value> => ({
  name,
  functions: [],
  fields: [],
  needs: ['root'],
  shown,
  check: ({ busId }, value) => failed(NVML_ERROR_NOT_SUPPORTED, words(busId, value)),
  make: () => changed(),
});

/** What nvidia-smi no longer does. */
export const deprecated: Action<number> = {
  name: 'applications-clocks-permission',
  functions: [],
  fields: [],
  needs: ['root'],
  shown: (value) => value,
  check: () =>
    unsupported(
      NVML_ERROR_NOT_SUPPORTED,
      'Warning: This option is deprecated and will be removed in future releases',
    ),
  make: () => changed(),
};
