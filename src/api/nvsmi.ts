/// <reference lib="esnext.disposable" preserve="true" />
/** An open machine: typed queries, samples at a pace, and the answers of pynvml_utils. */
import type { Actions } from './actions.js';
import type { Filter } from './filter.js';
import type { DeviceResult } from './generated/device.js';
import type { GpuProcess } from './gpu-process.js';
import type { GpuOptions, GpuRecord } from './gpus.js';
import type { Permissions } from './permissions.js';
import type { FieldName, FieldNumber, NameOf, Query, Sample } from './query.js';
import type {
  RelationField,
  RelationFieldName,
  RelationFields,
  RelationName,
  RelationQuery,
} from './relation.js';
import type { Report, ReportOptions } from './report.js';
import type { WatchOptions } from './watch.js';

/**
 * An open machine, as {@link open} returns it. Once it is closed, every question throws NVMLError_Uninitialized, and what
 * runs ends.
 */
export interface Nvsmi {
  /** How many GPUs the machine has, lost ones included. */
  readonly gpuCount: number;

  /**
   * Who the GPUs are: index, name, UUID, PCI bus id and serial number of each, and its MIG devices with theirs.
   *
   * @throws UnknownGpu for a GPU that is not there
   * @throws TypeError for invalid arguments
   */
  gpus(options?: GpuOptions): GpuRecord[];

  /** The same as a promise: for a machine that was opened with a timeout. */
  gpusAsync(options?: GpuOptions): Promise<GpuRecord[]>;

  /**
   * Compiles a question about every GPU, or those of `gpus`, to be sampled as often as wanted.
   *
   *     const query = nvsmi.query(['memory.used', 'utilization.gpu']);
   *     query.sample(); // [{ 'memory.used': 615, 'utilization.gpu': 0 }, …]
   *
   * Fields have names or numbers: `[NVSMI.MEMORY_USED]` is the same as `['memory.used']`.
   *
   * @throws UnknownField for what is no field
   * @throws UnknownGpu for a GPU that is not there
   * @throws TypeError for invalid arguments
   */
  query<const Field extends FieldName | FieldNumber>(
    fields: readonly Field[],
    options?: GpuOptions,
  ): Query<NameOf<Field>>;

  /**
   * Compiles a question about what GPUs have several of: processes, clocks, pages. Without `fields` all are asked.
   *
   *     const apps = nvsmi.relation('compute_apps', ['pid', 'used_gpu_memory']);
   *     apps.sample(); // [{ gpu: 0, uuid: 'GPU-6a…', pid: 4711, used_gpu_memory: 530 }, …]
   *
   * @throws UnknownRelation for a name that is no relation
   * @throws UnknownField for what is no field of it
   * @throws UnknownGpu for a GPU that is not there
   * @throws TypeError for invalid arguments
   */
  relation<
    Relation extends RelationName,
    const Field extends RelationField<Relation> = keyof RelationFields[Relation] & RelationField<Relation>,
  >(
    name: Relation,
    fields?: readonly Field[],
    options?: GpuOptions,
  ): RelationQuery<Relation, RelationFieldName<Relation, Field>>;

  /**
   * Samples of a query at a steady pace: `for await (const gpus of nvsmi.watch([…], { everyMs: 1000 }))`. Ends with
   * `break`, with the signal, or with {@link close}.
   *
   * @throws UnknownField for a name that is no field
   * @throws UnknownGpu for a GPU that is not there
   * @throws RangeError, TypeError for an invalid period or other argument
   */
  watch<const Field extends FieldName | FieldNumber>(
    fields: readonly Field[],
    options: WatchOptions & GpuOptions,
  ): AsyncGenerator<Sample<NameOf<Field>>[], void, undefined>;

  /**
   * The full report of every GPU as one object: the tags of `nvidia-smi -q -x` as keys, values in their units,
   * null where there is none and why under `reasons`. `schemas/` has its schema.
   *
   * @throws UnknownGpu for a GPU that is not there
   * @throws RangeError, TypeError for invalid groups or other arguments
   */
  report(options?: ReportOptions): Promise<Report>;

  /**
   * The processes on the GPUs right now, by GPU and pid: those that compute, draw, or both. A GPU that was lost before the
   * machine was opened has none.
   *
   * @throws NVMLError where the processes of a GPU cannot be listed
   * @throws UnknownGpu for a GPU that is not there
   * @throws TypeError for invalid arguments
   */
  processes(options?: GpuOptions): GpuProcess[];

  /** The same as a promise: for a machine that was opened with a timeout. */
  processesAsync(options?: GpuOptions): Promise<GpuProcess[]>;

  /** What pynvml_utils' DeviceQuery returns for the same filter. */
  deviceQuery(filter?: Filter): DeviceResult;

  /** The same, with the waits of all GPUs at the same time, on worker threads. */
  deviceQueryAsync(filter?: Filter): Promise<DeviceResult>;

  /**
   * {@link deviceQueryAsync} at a steady pace. Ends with `break`, with the signal, or with {@link close}.
   *
   * @throws RangeError, TypeError for an invalid period or filter
   */
  deviceWatch(
    filter: Filter | undefined,
    options: WatchOptions,
  ): AsyncGenerator<DeviceResult, void, undefined>;

  /** What pynvml_utils' XmlDeviceQuery returns for the same filter, as a well-formed document. */
  xmlDeviceQuery(filter?: Filter): string;

  /** What this user may read of this machine. */
  permissions(): Permissions;

  /** Ends what runs and releases the machine; a second time does nothing. */
  close(): void;

  /** {@link close}, at the end of a `using` block. */
  [Symbol.dispose](): void;
}

/** An open machine whose GPUs can be changed: `open({ writable: true })`. */
export interface WritableNvsmi extends Nvsmi {
  /** What can be done to its GPUs. Most of it needs root. A recorded machine cannot be changed: only `dryRun` has a meaning there. */
  readonly actions: Actions;
}
