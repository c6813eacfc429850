/** Table: the options that switch a mode of a GPU: which values, which functions, and nvidia-smi's words (550.163.01). */

import { plainly } from '../base/plain-text.js';
import {
  NVML_ERROR_IN_USE,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../nvml/generated/constants.js';
import * as nvml from '../nvml/generated/entries.js';
import { Missing, type Status, statusReason } from '../nvml/status.js';
import {
  type Action,
  type ActionVerdict,
  changed,
  failed,
  ready,
  type Target,
  unsupported,
} from './action.js';
import { now } from './ask.js';
import { change } from './change.js';
import { type Setting, settingAction } from './setting.js';
import { verdictOf } from './words.js';

const STATES = ['Disabled', 'Enabled'] as const;

/** As C prints an unsigned number. */
const unsigned = (value: number): number => value >>> 0;

interface ModeSetting extends Omit<Setting<number>, 'text' | 'shown' | 'refusal'> {
  readonly values: readonly string[];
  /** Refuses a value that is none. Left out where NVML is asked to. */
  readonly refused?: (value: number) => string;
}

/** A setting whose values are numbers with names. */
const modeAction = ({ values, refused, ...setting }: ModeSetting): Action<number> =>
  settingAction({
    ...setting,
    text: (value) => values[value] ?? 'Unknown',
    shown: (value) => values[value] ?? value,
    refusal: (value) =>
      refused !== undefined && values[value] === undefined ? refused(unsigned(value)) : undefined,
  });

export const persistence = modeAction({
  name: 'persistence-mode',
  functions: ['nvmlDeviceSetPersistenceMode'],
  fields: ['persistence_mode'],
  values: STATES,
  refused: (value) => `Invalid persistence mode: ${value}`,
  current: (target) => now(target, nvml.nvmlDeviceGetPersistenceMode, 'mode'),
  lacking: (gpu) => `Setting persistence mode is not supported for GPU ${gpu} on this platform.`,
  unknown: (gpu) => `Unable to determine current persistence mode for GPU ${gpu}`,
  same: (gpu, state) => `Persistence mode is already ${state} for GPU ${gpu}.`,
  set: ({ asker, gpu }, mode) => change(asker, nvml.nvmlDeviceSetPersistenceMode, { mode }, gpu).status,
  words: (gpu, state) => ({
    done: `${state} persistence mode for GPU ${gpu}.`,
    failed: `Unable to set persistence mode for GPU ${gpu}`,
  }),
});

export const ecc = modeAction({
  name: 'ecc-config',
  functions: ['nvmlDeviceSetEccMode'],
  fields: ['ecc.mode.current', 'ecc.mode.pending'],
  needs: ['reboot'],
  values: STATES,
  refused: (value) => `Invalid ECC configuration code: ${value}`,
  current: (target) => now(target, nvml.nvmlDeviceGetEccMode, 'pending'),
  lacking: (gpu) => `ECC features not supported for GPU ${gpu}.`,
  unknown: (gpu) => `Unable to determine current ECC mode for GPU ${gpu}`,
  same: (gpu, state) => `ECC support is already ${state} for GPU ${gpu}.`,
  set: ({ asker, gpu }, value) => change(asker, nvml.nvmlDeviceSetEccMode, { ecc: value }, gpu).status,
  words: (gpu, state) => ({
    done: `${state} ECC support for GPU ${gpu}.`,
    failed: `Unable to set ECC config for GPU ${gpu}`,
  }),
  needsReboot: () => true,
});

export const eccErrors = modeAction({
  name: 'reset-ecc-errors',
  functions: ['nvmlDeviceClearEccErrorCounts'],
  fields: ['ecc.errors.corrected.volatile.total', 'ecc.errors.uncorrected.volatile.total'],
  values: ['volatile', 'aggregate'],
  refused: (value) => `Invalid ECC type: ${value}`,
  set: ({ asker, gpu }, counterType) =>
    change(asker, nvml.nvmlDeviceClearEccErrorCounts, { counterType }, gpu).status,
  words: (gpu, type, _, release) => ({
    done: `Reset ${type} ECC errors to zero for GPU ${gpu}.`,
    absent: `ECC features not supported for GPU ${gpu}.`,
    // 470 and 525 have no words of their own for it.
    special:
      release < 535
        ? {}
        : {
            [NVML_ERROR_NOT_FOUND]: failed(
              NVML_ERROR_NOT_FOUND,
              `Clearing ECC errors is not supported for GPU ${gpu}.`,
            ),
          },
    failed: `Unable to clear ECC errors for GPU ${gpu}`,
  }),
});

const COMPUTE_MODES = ['DEFAULT', 'EXCLUSIVE_THREAD', 'PROHIBITED', 'EXCLUSIVE_PROCESS'] as const;
const EXCLUSIVE_THREAD = 1;

const compute_ = modeAction({
  name: 'compute-mode',
  functions: ['nvmlDeviceSetComputeMode'],
  fields: ['compute_mode'],
  values: COMPUTE_MODES,
  refused: (value) => `Invalid compute mode: ${value}`,
  current: (target) => now(target, nvml.nvmlDeviceGetComputeMode, 'mode'),
  lacking: (gpu) => `Compute mode is not supported for GPU ${gpu}.`,
  unknown: (gpu) => `Unable to determine current compute mode for GPU ${gpu}`,
  same: (gpu, mode) => `Compute mode is already set to ${mode} for GPU ${gpu}.`,
  set: ({ asker, gpu }, mode) => change(asker, nvml.nvmlDeviceSetComputeMode, { mode }, gpu).status,
  words: (gpu, mode) => ({
    done: `Set compute mode to ${mode} for GPU ${gpu}.`,
    failed: `Unable to set the compute mode for GPU ${gpu}`,
  }),
});

const EXCLUSIVE_PROCESS = 3;
/** 470 sets the mode that came in its place. */
const FOLLOWED = 'Warning: Exclusive_Thread was deprecated! Setting Exclusive_Process instead.';

const isFollowed = (value: number, { release }: Target): boolean =>
  value === EXCLUSIVE_THREAD && release < 525;

const afterWarning = (verdict: ActionVerdict): ActionVerdict => ({
  ...verdict,
  lines: [FOLLOWED, ...verdict.lines],
});

export const compute: Action<number> = {
  ...compute_,
  check(target, value) {
    if (value !== EXCLUSIVE_THREAD) return compute_.check(target, value);
    if (!isFollowed(value, target)) {
      return unsupported(
        NVML_ERROR_NOT_SUPPORTED,
        'Exclusive_Thread was deprecated! Use value 3:Exclusive_Process instead.',
      );
    }
    const verdict = compute_.check(target, EXCLUSIVE_PROCESS);
    return verdict.outcome === 'ready' ? verdict : afterWarning(verdict);
  },
  make: (target, value) =>
    isFollowed(value, target)
      ? afterWarning(compute_.make(target, EXCLUSIVE_PROCESS))
      : compute_.make(target, value),
};

const COMPUTE_ONLY = 1;

export const operation = modeAction({
  name: 'gom',
  functions: ['nvmlDeviceSetGpuOperationMode'],
  fields: ['gom.current', 'gom.pending'],
  needs: ['reboot'],
  values: ['All On', 'Compute', 'Low Double Precision'],
  current: (target) => now(target, nvml.nvmlDeviceGetGpuOperationMode, 'pending'),
  lacking: (gpu) => `GOM mode cannot be changed on GPU ${gpu}.`,
  unknown: (gpu) => `Unable to determine current GOM for GPU ${gpu}`,
  same: (gpu, mode) => `GOM is already pending on "${mode}" for GPU ${gpu}.`,
  set: ({ asker, gpu }, mode) => change(asker, nvml.nvmlDeviceSetGpuOperationMode, { mode }, gpu).status,
  words: (gpu, mode) => ({
    done: `GOM changed to "${mode}" for GPU ${gpu}.`,
    failed: `Unable to set GOM to "${mode}" for GPU ${gpu}`,
  }),
  // Only where graphics come or go.
  needsReboot: (value, before) =>
    !(before instanceof Missing) && (value === COMPUTE_ONLY) !== (Number(before) === COMPUTE_ONLY),
});

export const accounting = modeAction({
  name: 'accounting-mode',
  functions: ['nvmlDeviceSetAccountingMode'],
  fields: ['accounting.mode'],
  values: STATES,
  refused: (value) => `Invalid accounting mode: ${value}`,
  current: (target) => now(target, nvml.nvmlDeviceGetAccountingMode, 'mode'),
  lacking: (gpu) => `Accounting features not supported for GPU ${gpu}.`,
  unknown: (gpu) => `Unable to determine Accounting mode for GPU ${gpu}`,
  same: (gpu, state) => `Accounting Mode is already ${state} for GPU ${gpu}.`,
  set: ({ asker, gpu }, mode) => change(asker, nvml.nvmlDeviceSetAccountingMode, { mode }, gpu).status,
  words: (gpu, state) => ({
    done: `${state} Accounting Mode for GPU ${gpu}.`,
    failed: `Unable to set Accounting Mode for GPU ${gpu}`,
  }),
});

export const autoBoost = modeAction({
  name: 'auto-boost-default',
  functions: ['nvmlDeviceSetDefaultAutoBoostedClocksEnabled'],
  fields: [],
  values: STATES,
  set: ({ asker, gpu }, enabled) =>
    change(asker, nvml.nvmlDeviceSetDefaultAutoBoostedClocksEnabled, { enabled, flags: 0 }, gpu).status,
  words: (gpu, _, value) => ({
    absent: `Enabling/disabling default auto boosted clocks is not supported for GPU: ${gpu}.`,
    failed: `Failed to ${value === 0 ? 'DISABLE' : 'ENABLE'} default auto boosted clocks for GPU ${gpu}`,
  }),
});

const AUTO_BOOST = 1;

export const autoBoostPermission = modeAction({
  name: 'auto-boost-permission',
  functions: ['nvmlDeviceSetAPIRestriction'],
  fields: [],
  values: ['UNRESTRICTED', 'RESTRICTED'],
  set: ({ asker, gpu }, isRestricted) =>
    change(
      asker,
      nvml.nvmlDeviceSetAPIRestriction,
      { apiType: AUTO_BOOST, isRestricted: isRestricted === 0 ? 0 : 1 },
      gpu,
    ).status,
  words: (gpu) => ({
    absent: `Changing auto boosted clocks permissions is not supported for GPU: ${gpu}.`,
    // nvidia-smi has two spaces here.
    failed: `Failed to change auto boosted clocks permissions for GPU  ${gpu}`,
  }),
});

const driverModel_ = (name: string, flags: number): Action<number> =>
  modeAction({
    name,
    functions: ['nvmlDeviceSetDriverModel'],
    fields: ['driver_model.current', 'driver_model.pending'],
    needs: ['reboot'],
    values: ['WDDM', 'TCC'],
    refused: (value) => `Invalid driver model specified: ${value}`,
    current: (target) => now(target, nvml.nvmlDeviceGetDriverModel, 'pending'),
    lacking: (gpu) => `Changing driver models is not supported for GPU ${gpu} on this platform.`,
    unknown: (gpu) => `Unable to determine current driver model for GPU ${gpu}`,
    same: (gpu, model) => `Driver model is already set to ${model} for GPU ${gpu}.`,
    set: ({ asker, gpu }, driverModel) =>
      change(asker, nvml.nvmlDeviceSetDriverModel, { driverModel, flags }, gpu).status,
    words: (gpu, model) => ({
      done: `Set driver model to ${model} for GPU ${gpu}.`,
      failed: `Unable to set driver model for GPU ${gpu}`,
    }),
    needsReboot: () => true,
  });

export const driverModel = driverModel_('driver-model', 0);
/** NVML_FLAG_FORCE. */
export const forcedDriverModel = driverModel_('force-driver-model', 1);

export const virtualization = modeAction({
  name: 'virt-mode',
  functions: ['nvmlDeviceSetVirtualizationMode'],
  fields: [],
  values: ['None', 'Pass-Through', 'VGPU', 'Host VGPU', 'Host VSGA'],
  set: ({ asker, gpu }, virtualMode) =>
    change(asker, nvml.nvmlDeviceSetVirtualizationMode, { virtualMode }, gpu).status,
  words: (gpu, _, value) => ({
    absent: `Setting virtualization mode is not supported for GPU ${gpu}.`,
    special: {
      [NVML_ERROR_INVALID_ARGUMENT]: failed(
        NVML_ERROR_INVALID_ARGUMENT,
        `Either the GPU id ${gpu} or the virtualization mode ${value} is invalid.`,
      ),
    },
    failed: `Unable to set virtualization mode for GPU ${gpu}`,
  }),
});

/** What waits for a GPU that is in use. */
const pending = (gpu: string, verb: string, status: Status): ActionVerdict => ({
  ...changed(
    `Warning: MIG mode is in pending ${verb} state for GPU ${gpu}:${statusReason(status)}`,
    status === NVML_ERROR_IN_USE
      ? `${gpu} is currently being used by one or more other processes (e.g. CUDA application or a monitoring application such as another instance of nvidia-smi). Please first kill all processes using the device and retry the command or reboot the system to make MIG mode effective.`
      : `Reboot the system or try nvidia-smi --gpu-reset to make MIG mode effective on GPU ${gpu}`,
  ),
  isQuiet: true,
});

export const mig: Action<number> = {
  name: 'multi-instance-gpu',
  functions: ['nvmlDeviceSetMigMode'],
  fields: ['mig.mode.current', 'mig.mode.pending'],
  needs: ['root', 'idle'],
  shown: (value) => STATES[value] ?? value,
  check: (_, value) =>
    STATES[value] === undefined
      ? failed(NVML_ERROR_INVALID_ARGUMENT, `Invalid MIG Mode: ${unsigned(value)}`)
      : ready,
  make({ asker, gpu, busId }, mode) {
    const verb = mode === 0 ? 'disable' : 'enable';
    const made = change(asker, nvml.nvmlDeviceSetMigMode, { mode }, gpu);
    const activation = made.read('activationStatus');
    if (made.status === 0 && !(activation instanceof Missing) && Number(activation) !== 0) {
      return pending(busId, verb, Number(activation));
    }
    return verdictOf(made.status, {
      done: `${STATES[mode]} MIG Mode for GPU ${busId}`,
      failed: `Unable to ${verb} MIG Mode for GPU ${busId}`,
    });
  },
};

/** Option and function are 580's; its words were not seen, these are those of ECC. */
export const dramEncryption = modeAction({
  name: 'dram-encryption',
  functions: ['nvmlDeviceSetDramEncryptionMode'],
  fields: ['dramEncryption.mode.current', 'dramEncryption.mode.pending'],
  needs: ['reboot'],
  values: STATES,
  refused: (value) => `Invalid DRAM encryption mode: ${value}`,
  current: (target) => now(target, nvml.nvmlDeviceGetDramEncryptionMode, '1/encryptionState'),
  lacking: (gpu) => `DRAM encryption not supported for GPU ${gpu}.`,
  unknown: (gpu) => `Unable to determine current DRAM encryption mode for GPU ${gpu}`,
  same: (gpu, state) => `DRAM encryption is already ${state} for GPU ${gpu}.`,
  set: ({ asker, gpu }, encryptionState) =>
    change(asker, nvml.nvmlDeviceSetDramEncryptionMode, { encryptionState }, gpu).status,
  words: (gpu, state) => ({
    done: `${state} DRAM encryption for GPU ${gpu}.`,
    failed: `Unable to set the DRAM encryption mode for GPU ${gpu}`,
  }),
  needsReboot: () => true,
});

const LONGEST_NAME = 63;

/** Words of `--get-hostname` (580.159.04), and ours: no output of the setter was seen. */
export const hostname = settingAction<string>({
  name: 'set-hostname',
  functions: ['nvmlDeviceSetHostname_v1'],
  fields: ['hostname'],
  text: (value) => plainly`${value}`,
  shown: (value) => value,
  refusal: (value) =>
    value === '' || Buffer.byteLength(value) > LONGEST_NAME
      ? `A host name has 1 to ${LONGEST_NAME} bytes.`
      : undefined,
  set: ({ asker, gpu }, value) => change(asker, nvml.nvmlDeviceSetHostname_v1, { value }, gpu).status,
  words: (gpu, value) => ({
    done: `Hostname of GPU ${gpu}: ${value}`,
    absent: `Hostname not supported for GPU ${gpu}.`,
    failed: `Unable to set the hostname of GPU ${gpu}`,
  }),
});

/** What has no value: the option alone asks for it. */
export const clearAccounting = settingAction<true>({
  name: 'clear-accounted-apps',
  functions: ['nvmlDeviceClearAccountingPids'],
  text: () => '',
  shown: () => null,
  set: ({ asker, gpu }) => change(asker, nvml.nvmlDeviceClearAccountingPids, {}, gpu).status,
  words: (gpu) => ({
    done: `Cleared Accounted PIDs for GPU ${gpu}.`,
    failed: `Unable to clear Accounted PIDs for GPU ${gpu}`,
  }),
});
