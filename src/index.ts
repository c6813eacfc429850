/**
 * NVIDIA GPUs from Node: typed queries, periodic samples, the full report, and pynvml_utils' nvidia_smi object.
 * The functions of NVML itself are in `nvsmi/nvml`.
 */

export type { ActionOptions, ActionResult, Actions, ComputeMode, CreateOptions } from './api/actions.js';
export type { Filter } from './api/filter.js';
export type { DeviceGpu, DeviceResult } from './api/generated/device.js';
export { NVSMI, type NvsmiId, type QueryName } from './api/generated/nvsmi-ids.js';
export type { GpuProcess } from './api/gpu-process.js';
export { type GpuName, type GpuOptions, type GpuRecord, type MigDevice, UnknownGpu } from './api/gpus.js';
export { Loop, type LoopCallback, NvidiaSmi, nvidia_smi } from './api/nvidia-smi.js';
export type { Nvsmi, WritableNvsmi } from './api/nvsmi.js';
export { open } from './api/open.js';
export type { Permissions } from './api/permissions.js';
export type {
  AccountedProcess,
  Activity,
  ClocksThrottle,
  DeviceProcess,
  RetiredPages,
  SupportedClock,
} from './api/pynvml/lists.js';
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
} from './api/query.js';
export {
  type RelationField,
  type RelationFieldName,
  type RelationFields,
  type RelationName,
  type RelationNumbers,
  type RelationQuery,
  type RelationRecord,
  UnknownRelation,
} from './api/relation.js';
export type { Group, Report, ReportGpu, ReportOptions } from './api/report.js';
export type { WatchOptions } from './api/watch.js';
export { KoffiNotFound, SnapshotError } from './nvml/failures.js';
export { NVMLError } from './nvml/functions/error.js';
export type { OpenOptions, TimedOptions } from './nvml/functions/options.js';
export type { SnapshotName } from './nvml/generated/snapshots.js';
export type { ProcessType } from './query/process/process-type.js';
