/**
 * Ask NVIDIA GPUs from Node: typed queries, samples at a pace, and pynvml_utils' nvidia_smi object.
 * The functions of NVML itself are in `nvsmi/nvml`.
 */

export type { ActionOptions, ActionResult, Actions, ComputeMode } from './library/actions.js';
export type { Filter } from './library/filter.js';
export type { DeviceGpu, DeviceResult } from './library/generated/device.js';
export { NVSMI, type NvsmiId, type QueryName } from './library/generated/nvsmi-ids.js';
export type { GpuProcess } from './library/gpu-process.js';
export { type GpuName, type GpuOptions, type GpuRecord, type MigDevice, UnknownGpu } from './library/gpus.js';
export { Loop, type LoopCallback, NvidiaSmi, nvidia_smi } from './library/nvidia-smi.js';
export { type Nvsmi, open, type WritableNvsmi } from './library/nvsmi.js';
export type { Permissions } from './library/permissions.js';
export type {
  AccountedProcess,
  Activity,
  ClocksThrottle,
  DeviceProcess,
  RetiredPages,
  SupportedClock,
} from './library/pynvml/lists.js';
export {
  type FieldName,
  type FieldNumber,
  type GpuFieldNumbers,
  type GpuFields,
  type NameOf,
  type Query,
  type Reasons,
  type Sample,
  UnknownField,
} from './library/query.js';
export {
  type RelationField,
  type RelationFieldName,
  type RelationFields,
  type RelationName,
  type RelationNumbers,
  type RelationQuery,
  type RelationRecord,
  UnknownRelation,
} from './library/relation.js';
export type { Group, Report, ReportGpu, ReportOptions } from './library/report.js';
export type { WatchOptions } from './library/watch.js';
export { NVMLError } from './nvml/api/error.js';
export type { OpenOptions, TimedOptions } from './nvml/api/options.js';
export { KoffiNotFound, SnapshotError } from './nvml/failures.js';
export type { SnapshotName } from './nvml/generated/snapshots.js';
export type { ProcessType } from './query/process-type.js';
