/**
 * A table, so longer than logic may be.
 * Switches and states of a GPU: display, persistence, accounting, driver model, operation, computing.
 */
import { call, i32, SUBJECT, struct, u32 } from '../../nvml/call.js';
import * as nvml from '../../nvml/generated/constants.js';
import { nvmlDeviceAddressingMode_v1_t } from '../../nvml/generated/layouts.js';
import { Missing } from '../../nvml/status.js';
import { derived } from '../derive.js';
import { count, enabled, text, words, yesNo } from '../kind.js';
import { known } from '../known.js';
import { field, fixed, sample } from '../probe.js';
import { constant, from, type Row } from '../row.js';

const displayAttached = sample('display attached', call('nvmlDeviceGetDisplayMode', SUBJECT, u32()));
const displayActive = sample('display active', call('nvmlDeviceGetDisplayActive', SUBJECT, u32()));
const persistence = sample('persistence mode', call('nvmlDeviceGetPersistenceMode', SUBJECT, u32()));
const addressing = fixed(
  'addressing mode',
  call(
    'nvmlDeviceGetAddressingMode',
    SUBJECT,
    struct(nvmlDeviceAddressingMode_v1_t, { version: nvml.nvmlDeviceAddressingMode_v1 }),
  ),
);
const accounting = sample('accounting mode', call('nvmlDeviceGetAccountingMode', SUBJECT, u32()));
const accountingBuffer = fixed(
  'accounting buffer',
  call('nvmlDeviceGetAccountingBufferSize', SUBJECT, u32()),
);
const driverModel = sample(
  'driver model',
  call('nvmlDeviceGetDriverModel_v2', SUBJECT, u32('current'), u32('pending')),
  call('nvmlDeviceGetDriverModel', SUBJECT, u32('current'), u32('pending')),
);

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
    help: 'Was whether a display is connected. The driver gave it up; ask for display_attached.',
    kind: enabled,
    source: constant(Missing.of(nvml.NVML_ERROR_DEPRECATED)),
  },
  {
    id: 1012,
    names: ['display_attached'],
    help: 'Whether a display can be driven by, or is connected to, one of the outputs of the GPU.',
    kind: yesNo,
    source: from(displayAttached, 'value'),
  },
  {
    id: 19,
    names: ['display_active'],
    help: 'Whether a display was set up on the GPU, e.g. by an X server. It may be so without a monitor.',
    kind: enabled,
    source: from(displayActive, 'value'),
  },
  {
    id: 20,
    names: ['persistence_mode'],
    help: 'Whether the driver stays loaded when no program uses the GPU. Linux only.',
    kind: enabled,
    source: from(persistence, known(nvml.NVML_FEATURE_ENABLED)),
  },
  {
    id: 1013,
    names: ['addressing_mode'],
    help: 'How the GPU reaches pageable system memory: HMM in software, ATS in hardware, or None.',
    kind: addressingModes,
    source: from(addressing, 'value'),
  },
  {
    id: 21,
    names: ['accounting.mode'],
    help: 'Whether the driver keeps statistics of each process, for --query-accounted-apps.',
    kind: enabled,
    source: from(accounting, 'value'),
  },
  {
    id: 22,
    names: ['accounting.buffer_size'],
    help: 'For how many processes the accounting has room. The oldest make way for new ones.',
    kind: count,
    source: from(accountingBuffer, 'value'),
  },
  {
    id: 23,
    names: ['driver_model.current'],
    help: 'Driver model in use: WDDM, TCC or MCDM. Windows only.',
    kind: driverModels,
    source: from(driverModel, 'current'),
  },
  {
    id: 24,
    names: ['driver_model.pending'],
    help: 'Driver model from the next reboot on. Windows only.',
    kind: driverModels,
    source: from(driverModel, 'pending'),
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
const operationMode = sample(
  'operation mode',
  call('nvmlDeviceGetGpuOperationMode', SUBJECT, u32('current'), u32('pending')),
);
const operationModes = words({
  [nvml.NVML_GOM_ALL_ON]: 'All On',
  [nvml.NVML_GOM_COMPUTE]: 'Compute',
  [nvml.NVML_GOM_LOW_DP]: 'Low Double Precision',
});

export const operation: readonly Row[] = [
  {
    id: 1015,
    names: ['gpu_recovery_action'],
    help: 'What has to be done to make the GPU healthy again: None, Reset, Reboot, Drain P2P, Drain and Reset.',
    kind: recoveryActions,
    source: from(field(nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION)),
  },
  {
    id: 30,
    names: ['gom.current', 'gpu_operation_mode.current'],
    help: 'Operation mode in use, on GPUs that can switch features off: All On, Compute, Low Double Precision.',
    kind: operationModes,
    source: from(operationMode, 'current'),
  },
  {
    id: 31,
    names: ['gom.pending', 'gpu_operation_mode.pending'],
    help: 'Operation mode from the next reboot on.',
    kind: operationModes,
    source: from(operationMode, 'pending'),
  },
];

const computeMode = sample('compute mode', call('nvmlDeviceGetComputeMode', SUBJECT, u32()));
const computeModes = words({
  [nvml.NVML_COMPUTEMODE_DEFAULT]: 'Default',
  [nvml.NVML_COMPUTEMODE_EXCLUSIVE_THREAD]: 'Exclusive_Thread',
  [nvml.NVML_COMPUTEMODE_PROHIBITED]: 'Prohibited',
  [nvml.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS]: 'Exclusive_Process',
});
const computeCapability = fixed(
  'compute capability',
  call('nvmlDeviceGetCudaComputeCapability', SUBJECT, i32('major'), i32('minor')),
);

export const compute: readonly Row[] = [
  {
    id: 53,
    names: ['compute_mode'],
    help: 'Who may compute on the GPU: all (Default), one process at a time (Exclusive_Process), none (Prohibited).',
    kind: computeModes,
    source: from(computeMode, known(nvml.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS)),
  },
  {
    id: 1022,
    names: ['compute_cap'],
    help: 'CUDA compute capability, as major.minor.',
    kind: text,
    source: from(
      computeCapability,
      derived(['major', 'minor'], (major, minor) => `${major}.${minor}`),
    ),
  },
];
