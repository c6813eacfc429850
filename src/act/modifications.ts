/** Table: the options that change GPUs, before any subcommand, and how the value of each is read (550.163.01). */

import { plainly } from '../base/plain-text.js';
import { NVML_ERROR_INVALID_ARGUMENT } from '../nvml/generated/constants.js';
import type { JsonScalar } from '../query/kind.js';
import { type Action, type ActionVerdict, failed, type Target } from './action.js';
import * as limits from './limits.js';
import * as modes from './modes.js';
import { clockPair, clockRange, watts, wholeNumber } from './value.js';

/** An action with its value: what can be done to a GPU. */
export interface PreparedAction {
  readonly action: Pick<Action<unknown>, 'name' | 'functions' | 'fields' | 'needs'>;
  readonly shown: JsonScalar;
  check(target: Target): ActionVerdict;
  make(target: Target): ActionVerdict;
}

/** What the value of an option is: to be done, one that says nothing, or no value at all. */
export type ReadValue = PreparedAction | 'nothing' | 'invalid';

export interface Modification {
  /** The long name of the option. */
  readonly name: string;
  /** Warns of a GPU without persistence mode, which forgets it when its last client ends. */
  readonly warnsOfPersistence?: true;
  /** `scope` is the value of -sc. */
  read(text: string, scope: string | undefined): ReadValue;
}

export const prepared = <Value>(action: Action<Value>, value: Value): PreparedAction => ({
  action,
  shown: action.shown(value),
  check: (target) => action.check(target, value),
  make: (target) => action.make(target, value),
});

/** A value that is found wrong at the first GPU. */
const wrong = (action: Action<never>, shown: string, line: string): PreparedAction => ({
  action,
  shown,
  check: () => failed(NVML_ERROR_INVALID_ARGUMENT, line),
  make: () => failed(NVML_ERROR_INVALID_ARGUMENT, line),
});

/** What an option holds that was not given. */
const NONE = -1;

const numbered = (action: Action<number>, warnsOfPersistence?: true): Modification => ({
  name: action.name,
  ...(warnsOfPersistence === undefined ? {} : { warnsOfPersistence }),
  read(text) {
    const value = wholeNumber(text);
    if (value === undefined) return 'invalid';
    return value === NONE ? 'nothing' : prepared(action, value);
  },
});

const alone = <Value>(action: Action<Value>, value: Value): Modification => ({
  name: action.name,
  read: () => prepared(action, value),
});

/** A text that is cut at its first comma: nvidia-smi has written a zero there. */
const cut = (text: string): string => (/^[^,]+(?=,)/.exec(text) ?? [text])[0];

const gpuClockRange = (text: string): limits.Range | undefined => {
  const [first = '', second = first] = text.split(',');
  const limit = (word: string): number | undefined =>
    Object.hasOwn(limits.CLOCK_LIMITS, word) ? limits.CLOCK_LIMITS[word] : undefined;
  const words = [limit(first), limit(second)] as const;
  return words[0] !== undefined && words[1] !== undefined ? [words[0], words[1]] : clockRange(text);
};

const clocks = (
  action: Action<limits.Range>,
  parse: (text: string) => limits.Range | undefined,
  refusal: (text: string) => string,
): Modification => ({
  name: action.name,
  warnsOfPersistence: true,
  read(text) {
    const value = parse(text);
    return value === undefined ? wrong(action, text, refusal(text)) : prepared(action, value);
  },
});

const CUDA_CLOCKS = limits.beyondNvml<number>(
  'cuda-clocks',
  () => 'Overriding CUDA clock limit is not supported for this device.',
  (value) => value,
);

const cudaClocks: Action<number> = {
  ...CUDA_CLOCKS,
  check: (target, value) =>
    value === 0 || value === 1
      ? CUDA_CLOCKS.check(target, value)
      : failed(NVML_ERROR_INVALID_ARGUMENT, 'Input should be 0 or 1. See nvidia-smi -h.'),
};

const DEFERRED = limits.beyondNvml<number>(
  'lock-memory-clocks-deferred',
  (gpu, clock) => `Unable to set Memory locked clocks "(memClock ${clock})" for GPU ${gpu}: Not Supported`,
  (value) => value,
);

export const RESET = 'gpu-reset';
const RESETTING = limits.beyondNvml<'bus' | null>(
  RESET,
  () => '',
  (value) => value,
);

export const MODIFICATIONS: readonly Modification[] = [
  numbered(modes.persistence),
  numbered(modes.ecc),
  numbered(modes.eccErrors),
  numbered(modes.compute),
  numbered(modes.operation),
  numbered(modes.accounting, true),
  numbered(modes.autoBoost),
  numbered(modes.autoBoostPermission),
  numbered(modes.driverModel),
  numbered(modes.forcedDriverModel),
  numbered(modes.virtualization),
  numbered(modes.mig, true),
  numbered(modes.dramEncryption),
  numbered(limits.targetTemperature),
  { name: modes.hostname.name, read: (text) => prepared(modes.hostname, text) },
  alone(modes.clearAccounting, true),
  {
    name: 'power-limit',
    warnsOfPersistence: true,
    read(text, scope = '0') {
      const value = watts(text);
      const of = wholeNumber(scope);
      if (value === undefined || of === undefined) return /^\s*[+-]?nan/i.test(text) ? 'nothing' : 'invalid';
      return value < 0 ? 'nothing' : prepared(limits.powerLimit, { watts: value, scope: of });
    },
  },
  clocks(
    limits.gpuClocks,
    gpuClockRange,
    (text) =>
      plainly`Specified clocks "${cut(text)}" are not valid. Please format input as 'gpuClkMin,gpuClkMax' or 'gpuClkVal' e.g. '--lock-gpu-clocks=1500,1500', '--lock-gpu-clocks=1500', or '--lock-gpu-clocks=tdp,unlimited'`,
  ),
  alone(limits.resetGpuClocks, true),
  clocks(
    limits.memoryClocks,
    clockRange,
    (text) =>
      plainly`Specified clocks "${text}" are not valid. Please format input as 'memClkMin,memClkMax' or 'memClkVal' e.g. --lock-memory-clocks=5100,5100 or --lock-memory-clocks=5100`,
  ),
  alone(limits.resetMemoryClocks, true),
  clocks(
    limits.applicationClocks,
    clockPair,
    (text) =>
      plainly`Specified clocks "${text}" are not valid. Please format input as memClk,smClk e.g. --applications-clocks=2000,300`,
  ),
  alone(limits.resetApplicationClocks, true),
  numbered(limits.deprecated),
  numbered(cudaClocks),
  {
    name: DEFERRED.name,
    read(text) {
      const clock = wholeNumber(text) ?? NONE;
      if (clock < 0) return 'invalid';
      return clock === 0 ? 'nothing' : prepared(DEFERRED, clock);
    },
  },
  alone(
    limits.beyondNvml<true>(
      'reset-memory-clocks-deferred',
      () => 'Reseting deferred memory clocks is not supported',
    ),
    true,
  ),
  {
    name: RESET,
    // src/act/reset.ts has its words.
    read: (text) => (text === '' || text === 'bus' ? prepared(RESETTING, text || null) : 'invalid'),
  },
];

/** Old names of options, and the new ones. */
export const OLD_NAMES: Readonly<Record<string, string>> = {
  'application-clocks': 'applications-clocks',
  'reset-application-clocks': 'reset-applications-clocks',
};

/** What nvidia-smi does through functions of the driver that NVML does not declare. */
export const BEYOND_NVML: readonly string[] = [
  'cuda-clocks',
  'lock-memory-clocks-deferred',
  'reset-memory-clocks-deferred',
];
