/** An open machine: typed queries, samples at a pace, and the answers of pynvml_utils. */
import type { OpenOptions } from '../nvml/api/lifetime.js';
import { DeviceQuery } from './device-query.js';
import { type Filter, idsOf } from './filter.js';
import type { DeviceResult } from './generated/device.js';
import { Life } from './life.js';
import { type Opened, openMachine } from './open.js';
import { type Permissions, readPermissions } from './permissions.js';
import { type FieldName, Query, type Sample } from './query.js';
import { type Report, type ReportOptions, reportOf } from './report.js';
import { checkPeriod, ticks, type WatchOptions } from './watch.js';
import { deviceXml } from './xml.js';

/** How many filters keep their compiled calls. */
const KEPT = 32;

/** Once it is closed, every question throws NVMLError_Uninitialized, and what goes on ends. */
export class Nvsmi {
  private readonly inTurn = new Map<string, DeviceQuery>();
  private readonly overlapping = new Map<string, DeviceQuery>();
  private readonly life = new Life();

  constructor(private readonly machine: Opened) {}

  /** How many GPUs the machine has, lost ones included. */
  get gpuCount(): number {
    return this.machine.session.gpus.length;
  }

  /**
   * Compiles a question about every GPU, to be sampled as often as wanted.
   *
   *     const query = nvsmi.query(['memory.used', 'utilization.gpu']);
   *     query.sample(); // [{ 'memory.used': 615, 'utilization.gpu': 0 }, …]
   *
   * @throws UnknownField for a name that is no field
   */
  query<const Name extends FieldName>(fields: readonly Name[]): Query<Name> {
    this.life.check();
    return new Query(this.machine.session, this.life, fields);
  }

  /**
   * Samples of a query at a steady pace: `for await (const gpus of nvsmi.watch([…], { everyMs: 1000 }))`. Ends with
   * `break`, with the signal, or with {@link close}.
   *
   * @throws UnknownField for a name that is no field
   * @throws RangeError, TypeError for a period that is none
   */
  watch<const Name extends FieldName>(
    fields: readonly Name[],
    options: WatchOptions,
  ): AsyncGenerator<Sample<Name>[], void, undefined> {
    checkPeriod(options.everyMs);
    const query = this.query(fields);
    return ticks(() => query.sampleAsync(), options, this.life.ended);
  }

  /**
   * The full report of every GPU as one object: the tags of `nvidia-smi -q -x` as keys, values in their units,
   * null where there is none and why under `reasons`. `schemas/` has its schema.
   */
  async report(options: ReportOptions = {}): Promise<Report> {
    this.life.check();
    const report = await reportOf(this.machine.session, options);
    this.life.check();
    return report;
  }

  /** What pynvml_utils' DeviceQuery returns for the same filter. */
  deviceQuery(filter?: Filter): DeviceResult {
    const query = this.device(filter, false);
    void query.sample();
    return query.result();
  }

  /** The same, with the waits of all GPUs at the same time, on worker threads. */
  async deviceQueryAsync(filter?: Filter): Promise<DeviceResult> {
    const query = this.device(filter, true);
    await query.sample();
    this.life.check();
    return query.result();
  }

  /**
   * {@link deviceQueryAsync} at a steady pace. Ends with `break`, with the signal, or with {@link close}.
   *
   * @throws RangeError, TypeError for a period that is none, or a filter that is none
   */
  deviceWatch(
    filter: Filter | undefined,
    options: WatchOptions,
  ): AsyncGenerator<DeviceResult, void, undefined> {
    this.life.check();
    checkPeriod(options.everyMs);
    // What can be iterated only once is asked once.
    const ids = [...idsOf(filter)];
    return ticks(() => this.deviceQueryAsync(ids), options, this.life.ended);
  }

  /** What pynvml_utils' XmlDeviceQuery returns for the same filter, as a well-formed document. */
  xmlDeviceQuery(filter?: Filter): string {
    const query = this.device(filter, false);
    void query.sample();
    return deviceXml(query.xml());
  }

  /** What this user may read of this machine. */
  permissions(): Permissions {
    return readPermissions(this.machine.files);
  }

  /** Ends what goes on and lets go of the machine; a second time does nothing. */
  close(): void {
    if (this.life.ended.aborted) return;
    this.life.end();
    this.inTurn.clear();
    this.overlapping.clear();
    this.machine.session.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private device(filter: Filter | undefined, overlap: boolean): DeviceQuery {
    this.life.check();
    const compiled = overlap ? this.overlapping : this.inTurn;
    const ids = typeof filter === 'string' ? undefined : idsOf(filter);
    const key = ids === undefined ? `names ${filter}` : `ids ${[...ids].join()}`;
    let query = compiled.get(key);
    if (query === undefined) {
      query = new DeviceQuery(this.machine.session, ids ?? idsOf(filter), overlap);
      if (compiled.size >= KEPT) compiled.clear();
      compiled.set(key, query);
    }
    return query;
  }
}

/**
 * Opens this machine, or a recorded one: `open({ snapshot: 'h200-x2' })` answers without a GPU.
 *
 * @throws NVMLError where NVML cannot be opened: NVMLError_LibraryNotFound, NVMLError_DriverNotLoaded …
 */
export const open = (options: OpenOptions = {}): Nvsmi => new Nvsmi(openMachine(options));
