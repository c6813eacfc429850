/** What open() returns: it answers for one machine until it is closed. */
import { checkNames, checkObject } from '../nvml/functions/check.js';
import { Asker } from '../query/ask/asker.js';
import { nearbyDevices } from '../system/devices.js';
import type { Actions } from './actions.js';
import { chosenOf, gpusAmong } from './chosen-gpus.js';
import { CompiledQuery } from './compiled-query.js';
import { CompiledRelation } from './compiled-relation.js';
import { allFields, askedFields, relationNamed } from './field-rows.js';
import { type Filter, idsOf } from './filter.js';
import type { DeviceResult } from './generated/device.js';
import { GpuActions } from './gpu-actions.js';
import type { GpuProcess } from './gpu-process.js';
import { gpuRecords } from './gpu-records.js';
import type { GpuOptions, GpuRecord } from './gpus.js';
import { Life } from './life.js';
import type { Nvsmi, WritableNvsmi } from './nvsmi.js';
import type { Opened } from './opened.js';
import { type Permissions, readPermissions } from './permissions.js';
import { processesOn } from './processes.js';
import { DeviceQuery } from './pynvml/device-query.js';
import { deviceXml } from './pynvml/xml.js';
import type { FieldName, FieldNumber, NameOf, Query, Sample } from './query.js';
import { groupsOf, reportOf } from './read-report.js';
import type { RelationField, RelationFieldName, RelationName, RelationQuery } from './relation.js';
import type { Report, ReportOptions } from './report.js';
import { checkWatch, ticks, WATCH_OPTIONS, type WatchOptions } from './watch.js';

/** How many filters keep their compiled calls. */
const KEPT = 32;

export class OpenMachine implements Nvsmi {
  readonly #inTurn = new Map<string, DeviceQuery>();
  readonly #overlapping = new Map<string, DeviceQuery>();
  readonly #life: Life;
  readonly #opened: Opened;
  readonly #reports: Asker;
  readonly #processes: Asker;

  constructor(opened: Opened, life = new Life()) {
    this.#opened = opened;
    this.#life = life;
    this.#reports = new Asker(opened.session);
    this.#processes = new Asker(opened.session);
  }

  get gpuCount(): number {
    this.#life.check();
    return this.#opened.session.gpus.length;
  }

  query<const Field extends FieldName | FieldNumber>(
    fields: readonly Field[],
    options: GpuOptions = {},
  ): Query<NameOf<Field>> {
    this.#life.check();
    const { session } = this.#opened;
    const asked = askedFields('query', fields);
    const chosen = chosenOf('query', session, options);
    return new CompiledQuery(asked, { session, life: this.#life, chosen });
  }

  relation<Relation extends RelationName, const Field extends RelationField<Relation>>(
    name: Relation,
    fields?: readonly Field[],
    options: GpuOptions = {},
  ): RelationQuery<Relation, RelationFieldName<Relation, Field>> {
    this.#life.check();
    const { session, files } = this.#opened;
    const relation = relationNamed('relation', name);
    const asked = fields === undefined ? allFields(relation) : askedFields('relation', fields, relation);
    const chosen = chosenOf('relation', session, options);
    const devices = nearbyDevices(files);
    return new CompiledRelation(relation, asked, { session, life: this.#life, chosen, devices });
  }

  watch<const Field extends FieldName | FieldNumber>(
    fields: readonly Field[],
    options: WatchOptions & GpuOptions,
  ): AsyncGenerator<Sample<NameOf<Field>>[], void, undefined> {
    this.#life.check();
    const { session } = this.#opened;
    const asked = askedFields('watch', fields);
    const chosen = chosenOf('watch', session, options, WATCH_OPTIONS);
    checkWatch('watch', options);
    const query = new CompiledQuery<NameOf<Field>>(asked, { session, life: this.#life, chosen });
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

  async processesAsync(options: GpuOptions = {}): Promise<GpuProcess[]> {
    this.#life.check();
    const { session } = this.#opened;
    const chosen = chosenOf('processesAsync', session, options);
    const asker = new Asker(session);
    asker.tick();
    const processes = await asker.start(processesOn(chosen));
    this.#life.check();
    return [...processes];
  }

  async gpusAsync(options: GpuOptions = {}): Promise<GpuRecord[]> {
    this.#life.check();
    const { session } = this.#opened;
    const gpus = gpusAmong(chosenOf('gpusAsync', session, options));
    const records = await new Asker(session).start(gpuRecords(gpus));
    this.#life.check();
    return [...records];
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
    return deviceXml(this.deviceQuery(filter));
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

/** One whose GPUs can be changed. */
export class WritableMachine extends OpenMachine implements WritableNvsmi {
  readonly actions: Actions;

  constructor(opened: Opened) {
    const life = new Life();
    super(opened, life);
    this.actions = new GpuActions(opened.session, life);
  }
}
