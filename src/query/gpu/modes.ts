/**
 * A table, so longer than logic may be.
 * Switches and states of a GPU: display, persistence, accounting, driver model, operation, computing.
 */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetAccountingBufferSize,
  nvmlDeviceGetAccountingMode,
  nvmlDeviceGetAddressingMode,
  nvmlDeviceGetComputeMode,
  nvmlDeviceGetCudaComputeCapability,
  nvmlDeviceGetDisplayActive,
  nvmlDeviceGetDisplayMode,
  nvmlDeviceGetDriverModel_v2,
  nvmlDeviceGetGpuOperationMode,
  nvmlDeviceGetPersistenceMode,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { derived } from '../derive.js';
import { constant, from, type Row } from '../field.js';
import { count, enableState, knownWords, text, words, yesNo } from '../kind.js';
import { field, fixed, sample } from '../probe.js';

const displayAttached = sample(nvmlDeviceGetDisplayMode);
const displayActive = sample(nvmlDeviceGetDisplayActive);
const persistence = sample(nvmlDeviceGetPersistenceMode);
const addressing = fixed(nvmlDeviceGetAddressingMode);
const accounting = sample(nvmlDeviceGetAccountingMode);
const accountingBuffer = fixed(nvmlDeviceGetAccountingBufferSize);
const driverModel = sample(nvmlDeviceGetDriverModel_v2);

const addressingModes = words({
  [nvml.NVML_DEVICE_ADDRESSING_MODE_NONE]: 'None',
  [nvml.NVML_DEVICE_ADDRESSING_MODE_HMM]: 'HMM',
  [nvml.NVML_DEVICE_ADDRESSING_MODE_ATS]: 'ATS',
});
const driverModels = words({
  [nvml.NVML_DRIVER_WDDM]: 'WDDM',
  [nvml.NVML_DRIVER_WDM]: 'TCC',
  [nvml.NVML_DRIVER_MCDM]: 'MCDM',
});

export const modes: readonly Row[] = [
  {
    // Its call still answers (H100, 580.159.04), but nvidia-smi shows that answer as display_attached only.
    id: 18,
    names: ['display_mode'],
    help: 'Deprecated by the driver: use display_attached.',
    kind: enableState,
    source: constant(Missing.of(nvml.NVML_ERROR_DEPRECATED)),
    past: [{ until: 580, source: from(displayAttached, 'value') }],
  },
  {
    id: 1012,
    names: ['display_attached'],
    since: 580,
    help: 'Whether a display can be driven by, or is connected to, one of the outputs of the GPU.',
    kind: yesNo,
    source: from(displayAttached, 'value'),
  },
  {
    id: 19,
    names: ['display_active'],
    help: 'Whether a display is initialized on the GPU, e.g. by an X server; also without a monitor.',
    kind: enableState,
    source: from(displayActive, 'value'),
  },
  {
    id: 20,
    names: ['persistence_mode'],
    help: 'Whether the driver stays loaded when no program uses the GPU. Linux only.',
    kind: enableState,
    source: from(persistence, 'value'),
  },
  {
    id: 1013,
    names: ['addressing_mode'],
    since: 535,
    help: 'How the GPU reaches pageable system memory: HMM in software, ATS in hardware, or None.',
    kind: addressingModes,
    source: from(addressing, 'value'),
  },
  {
    id: 21,
    names: ['accounting.mode'],
    help: 'Accounting mode: whether the driver keeps statistics of each process.',
    kind: enableState,
    source: from(accounting, 'value'),
  },
  {
    id: 22,
    names: ['accounting.buffer_size'],
    help: 'Capacity of the accounting buffer in processes. New processes replace the oldest.',
    kind: count,
    source: from(accountingBuffer, 'value'),
  },
  {
    id: 23,
    names: ['driver_model.current'],
    help: 'Current driver model: WDDM, TCC or MCDM. Windows only.',
    kind: driverModels,
    source: from(driverModel, 'current'),
  },
  {
    id: 24,
    names: ['driver_model.pending'],
    help: 'Driver model after the next reboot. Windows only.',
    kind: driverModels,
    source: from(driverModel, 'pending'),
  },
];

/** The forerunners of the recovery action. */
export const resetStatus: readonly Row[] = [
  {
    id: 1113,
    names: ['reset_status.reset_required'],
    since: 535,
    until: 580,
    help: 'Whether the GPU has to be reset before it can be used again.',
    kind: yesNo,
    source: from(field(nvml.NVML_FI_DEV_RESET_STATUS)),
  },
  {
    id: 1114,
    names: ['reset_status.drain_and_reset_recommended'],
    since: 535,
    until: 580,
    help: 'Whether the GPU should be drained of its programs and reset.',
    kind: yesNo,
    source: from(field(nvml.NVML_FI_DEV_DRAIN_AND_RESET_STATUS)),
  },
];

const recoveryActions = words({
  [nvml.NVML_GPU_RECOVERY_ACTION_NONE]: 'None',
  [nvml.NVML_GPU_RECOVERY_ACTION_GPU_RESET]: 'Reset',
  [nvml.NVML_GPU_RECOVERY_ACTION_NODE_REBOOT]: 'Reboot',
  [nvml.NVML_GPU_RECOVERY_ACTION_DRAIN_P2P]: 'Drain P2P',
  [nvml.NVML_GPU_RECOVERY_ACTION_DRAIN_AND_RESET]: 'Drain and Reset',
  [nvml.NVML_GPU_RECOVERY_ACTION_RECOVER_IMEX_DOMAIN]: 'Recover IMEX Domain',
});
const operationMode = sample(nvmlDeviceGetGpuOperationMode);
const operationModes = words({
  [nvml.NVML_GOM_ALL_ON]: 'All On',
  [nvml.NVML_GOM_COMPUTE]: 'Compute',
  [nvml.NVML_GOM_LOW_DP]: 'Low Double Precision',
});

export const operation: readonly Row[] = [
  {
    id: 1015,
    names: ['gpu_recovery_action'],
    since: 580,
    help: 'Action that recovers the GPU: None, Reset, Reboot, Drain P2P, Drain and Reset.',
    kind: recoveryActions,
    source: from(field(nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION)),
  },
  {
    id: 30,
    names: ['gom.current', 'gpu_operation_mode.current'],
    help: 'Current operation mode (GOM), on GPUs that can disable features: All On, Compute, Low Double Precision.',
    kind: operationModes,
    source: from(operationMode, 'current'),
  },
  {
    id: 31,
    names: ['gom.pending', 'gpu_operation_mode.pending'],
    help: 'Operation mode (GOM) after the next reboot.',
    kind: operationModes,
    source: from(operationMode, 'pending'),
  },
];

const computeMode = sample(nvmlDeviceGetComputeMode);
const computeModes = knownWords({
  [nvml.NVML_COMPUTEMODE_DEFAULT]: 'Default',
  [nvml.NVML_COMPUTEMODE_EXCLUSIVE_THREAD]: 'Exclusive_Thread',
  [nvml.NVML_COMPUTEMODE_PROHIBITED]: 'Prohibited',
  [nvml.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS]: 'Exclusive_Process',
});
const computeCapability = fixed(nvmlDeviceGetCudaComputeCapability);

export const compute: readonly Row[] = [
  {
    id: 53,
    names: ['compute_mode'],
    help: 'Compute mode: which processes may compute on the GPU: all (Default), one at a time (Exclusive_Process), none (Prohibited).',
    kind: computeModes,
    source: from(computeMode, 'value'),
  },
  {
    id: 1022,
    names: ['compute_cap'],
    since: 525,
    help: 'CUDA compute capability, as major.minor.',
    kind: text,
    source: from(
      computeCapability,
      derived(['major', 'minor'], (major, minor) => `${major}.${minor}`),
    ),
  },
];
