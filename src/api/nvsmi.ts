/// <reference lib="esnext.disposable" preserve="true" />
/** An open machine: typed queries, periodic samples, and the answers of pynvml_utils. */
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
 * An open machine, as returned by {@link open}. After {@link close} every method throws NVMLError_Uninitialized, and running
 * iterations end.
 */
export interface Nvsmi {
  /** Number of GPUs of the machine, including lost ones. */
  readonly gpuCount: number;

  /**
   * Returns the identity of each GPU: index, name, UUID, PCI bus id and serial number, and the same of its MIG devices.
   *
   * @throws UnknownGpu for a GPU that does not exist
   * @throws TypeError for invalid arguments
   */
  gpus(options?: GpuOptions): GpuRecord[];

  /** The same as a promise, for a machine opened with a timeout. */
  gpusAsync(options?: GpuOptions): Promise<GpuRecord[]>;

  /**
   * Compiles a query of every GPU, or of those in `gpus`, which can be sampled repeatedly.
   *
   *     const query = nvsmi.query(['memory.used', 'utilization.gpu']);
   *     query.sample(); // [{ 'memory.used': 615, 'utilization.gpu': 0 }, …]
   *
   * Fields have names or numbers: `[NVSMI.MEMORY_USED]` is the same as `['memory.used']`.
   *
   * @throws UnknownField for an unknown field
   * @throws UnknownGpu for a GPU that does not exist
   * @throws TypeError for invalid arguments
   */
  query<const Field extends FieldName | FieldNumber>(
    fields: readonly Field[],
    options?: GpuOptions,
  ): Query<NameOf<Field>>;

  /**
   * Compiles a query of what GPUs have several of: processes, clocks, pages. Without `fields` it reads all fields.
   *
   *     const apps = nvsmi.relation('compute_apps', ['pid', 'used_gpu_memory']);
   *     apps.sample(); // [{ gpu: 0, uuid: 'GPU-6a…', pid: 4711, used_gpu_memory: 530 }, …]
   *
   * @throws UnknownRelation for an unknown relation
   * @throws UnknownField for a field that the relation does not have
   * @throws UnknownGpu for a GPU that does not exist
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
   * Samples a query at a fixed interval: `for await (const gpus of nvsmi.watch([…], { everyMs: 1000 }))`. Ends with
   * `break`, with the signal, or with {@link close}.
   *
   * @throws UnknownField for an unknown field
   * @throws UnknownGpu for a GPU that does not exist
   * @throws RangeError, TypeError for an invalid period or other argument
   */
  watch<const Field extends FieldName | FieldNumber>(
    fields: readonly Field[],
    options: WatchOptions & GpuOptions,
  ): AsyncGenerator<Sample<NameOf<Field>>[], void, undefined>;

  /**
   * Returns the full report of every GPU as one object: the tags of `nvidia-smi -q -x` as keys, values in the report's units,
   * null for missing values, with the reason under `reasons`. `schemas/report.schema.json` is its schema.
   *
   * @throws UnknownGpu for a GPU that does not exist
   * @throws RangeError, TypeError for invalid groups or other arguments
   */
  report(options?: ReportOptions): Promise<Report>;

  /**
   * Returns the current processes on the GPUs, by GPU and pid: compute, graphics, or both. A GPU that was lost before the
   * machine was opened has none.
   *
   * @throws NVMLError if the processes of a GPU cannot be listed
   * @throws UnknownGpu for a GPU that does not exist
   * @throws TypeError for invalid arguments
   */
  processes(options?: GpuOptions): GpuProcess[];

  /** The same as a promise, for a machine opened with a timeout. */
  processesAsync(options?: GpuOptions): Promise<GpuProcess[]>;

  /** Returns what pynvml_utils' DeviceQuery returns for the same filter. */
  deviceQuery(filter?: Filter): DeviceResult;

  /** The same on worker threads, with all GPUs at the same time. */
  deviceQueryAsync(filter?: Filter): Promise<DeviceResult>;

  /**
   * {@link deviceQueryAsync} at a fixed interval. Ends with `break`, with the signal, or with {@link close}.
   *
   * @throws RangeError, TypeError for an invalid period or filter
   */
  deviceWatch(
    filter: Filter | undefined,
    options: WatchOptions,
  ): AsyncGenerator<DeviceResult, void, undefined>;

  /** Returns what pynvml_utils' XmlDeviceQuery returns for the same filter, as a well-formed document. */
  xmlDeviceQuery(filter?: Filter): string;

  /** Returns which values this user may read. */
  permissions(): Permissions;

  /** Ends running iterations and releases the machine. A second call does nothing. */
  close(): void;

  /** {@link close}, at the end of a `using` block. */
  [Symbol.dispose](): void;
}

/** An open machine whose GPUs can be changed: `open({ writable: true })`. */
export interface WritableNvsmi extends Nvsmi {
  /** Actions that change its GPUs. Most need root. A recorded machine cannot be changed: only `dryRun` works there. */
  readonly actions: Actions;
}
