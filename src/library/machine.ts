/** What open() returns: it answers for one machine until it is closed. */
import { checkNames, checkObject } from '../nvml/api/check.js';
import { Asker } from '../query/ask/asker.js';
import { chosenOf, gpusAmong } from './chosen-gpus.js';
import { CompiledQuery } from './compiled-query.js';
import { DeviceQuery } from './device-query.js';
import { rowsOf } from './field-rows.js';
import { type Filter, idsOf } from './filter.js';
import type { DeviceResult } from './generated/device.js';
import type { GpuProcess } from './gpu-process.js';
import { gpuRecords } from './gpu-records.js';
import type { GpuOptions, GpuRecord } from './gpus.js';
import { Life } from './life.js';
import type { Nvsmi } from './nvsmi.js';
import type { Opened } from './open.js';
import { type Permissions, readPermissions } from './permissions.js';
import { processesOn } from './processes.js';
import type { FieldName, Query, Sample } from './query.js';
import { groupsOf, reportOf } from './read-report.js';
import type { Report, ReportOptions } from './report.js';
import { checkWatch, ticks, WATCH_OPTIONS, type WatchOptions } from './watch.js';
import { deviceXml } from './xml.js';

/** How many filters keep their compiled calls. */
const KEPT = 32;

export class Machine implements Nvsmi {
  readonly #inTurn = new Map<string, DeviceQuery>();
  readonly #overlapping = new Map<string, DeviceQuery>();
  readonly #life = new Life();
  readonly #opened: Opened;
  readonly #reports: Asker;
  readonly #processes: Asker;

  constructor(opened: Opened) {
    this.#opened = opened;
    this.#reports = new Asker(opened.session);
    this.#processes = new Asker(opened.session);
  }

  get gpuCount(): number {
    this.#life.check();
    return this.#opened.session.gpus.length;
  }

  query<const Name extends FieldName>(fields: readonly Name[], options: GpuOptions = {}): Query<Name> {
    this.#life.check();
    const { session } = this.#opened;
    const rows = rowsOf('query', fields);
    const chosen = chosenOf('query', session, options);
    return new CompiledQuery([...fields], rows, { session, life: this.#life, chosen });
  }

  watch<const Name extends FieldName>(
    fields: readonly Name[],
    options: WatchOptions & GpuOptions,
  ): AsyncGenerator<Sample<Name>[], void, undefined> {
    this.#life.check();
    const { session } = this.#opened;
    const rows = rowsOf('watch', fields);
    const chosen = chosenOf('watch', session, options, WATCH_OPTIONS);
    checkWatch('watch', options);
    const query = new CompiledQuery([...fields], rows, { session, life: this.#life, chosen });
    return ticks(() => query.sampleAsync(), options, this.#life.ended);
  }

  async report(options: ReportOptions = {}): Promise<Report> {
    this.#life.check();
    const { session } = this.#opened;
    const gpus = gpusAmong(chosenOf('report', session, options, ['groups']));
    const report = await reportOf(this.#reports, gpus, groupsOf(options.groups));
    this.#life.check();
    return report;
  }

  processes(options: GpuOptions = {}): GpuProcess[] {
    this.#life.check();
    const { session } = this.#opened;
    const chosen = chosenOf('processes', session, options);
    this.#processes.tick();
    return [...this.#processes.run(processesOn(chosen))];
  }

  gpus(options: GpuOptions = {}): GpuRecord[] {
    this.#life.check();
    const { session } = this.#opened;
    const gpus = gpusAmong(chosenOf('gpus', session, options));
    return [...new Asker(session).run(gpuRecords(gpus))];
  }

  deviceQuery(filter?: Filter): DeviceResult {
    const query = this.#device(filter, false);
    void query.sample();
    return query.result();
  }

  async deviceQueryAsync(filter?: Filter): Promise<DeviceResult> {
    const query = this.#device(filter, true);
    await query.sample();
    this.#life.check();
    return query.result();
  }

  deviceWatch(
    filter: Filter | undefined,
    options: WatchOptions,
  ): AsyncGenerator<DeviceResult, void, undefined> {
    this.#life.check();
    checkObject('deviceWatch', options, '{ everyMs: 1000 }');
    checkNames('deviceWatch', options, WATCH_OPTIONS);
    checkWatch('deviceWatch', options);
    // What can be iterated only once is asked once.
    const ids = [...idsOf(filter)];
    return ticks(() => this.deviceQueryAsync(ids), options, this.#life.ended);
  }

  xmlDeviceQuery(filter?: Filter): string {
    const query = this.#device(filter, false);
    void query.sample();
    return deviceXml(query.xml());
  }

  permissions(): Permissions {
    this.#life.check();
    return readPermissions(this.#opened.files);
  }

  close(): void {
    if (this.#life.ended.aborted) return;
    this.#life.end();
    this.#inTurn.clear();
    this.#overlapping.clear();
    this.#opened.session.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #device(filter: Filter | undefined, overlap: boolean): DeviceQuery {
    this.#life.check();
    const compiled = overlap ? this.#overlapping : this.#inTurn;
    const ids = typeof filter === 'string' ? undefined : idsOf(filter);
    const key = ids === undefined ? `names ${filter}` : `ids ${[...ids].join()}`;
    let query = compiled.get(key);
    if (query === undefined) {
      query = new DeviceQuery(this.#opened.session, ids ?? idsOf(filter), overlap);
      if (compiled.size >= KEPT) compiled.clear();
      compiled.set(key, query);
    }
    return query;
  }
}
