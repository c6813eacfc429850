/** A relation whose names are resolved once, and whose records are found at every sample. */

import { type AskedField, jsonRecord } from '../format/json.js';
import { checkNames, checkObject } from '../nvml/functions/check.js';
import { Missing } from '../nvml/status.js';
import { Asker } from '../query/ask/asker.js';
import { type Asking, eachOf } from '../query/ask/asking.js';
import type { NearbyDevices } from '../query/ask/field-reader.js';
import { readFields, readRecords } from '../query/ask/records.js';
import { constant, type Field, nameOf } from '../query/field.js';
import { identity } from '../query/identity.js';
import type { Reading } from '../query/reading.js';
import type { Relation } from '../query/relation.js';
import type { Chosen } from './chosen-gpus.js';
import type { QueryScope } from './compiled-query.js';
import type { RelationFields, RelationName, RelationQuery, RelationRecord } from './relation.js';
import { checkWatch, ticks, WATCH_OPTIONS, type WatchOptions } from './watch.js';

/** Whom a relation asks: NVML, and the system for devices that are no GPUs. */
export interface RelationScope extends QueryScope {
  readonly devices: NearbyDevices;
}

/** What says of which GPU a record is. */
const IDENTITY: readonly AskedField[] = [
  { name: 'gpu', field: identity.gpu },
  { name: 'uuid', field: identity.uuid },
];

export class CompiledRelation<Name extends RelationName, F extends keyof RelationFields[Name]>
  implements RelationQuery<Name, F>
{
  readonly relation: Name;
  readonly fields: readonly F[];
  readonly #relation: Relation;
  readonly #asked: readonly AskedField[];
  readonly #scope: RelationScope;
  readonly #inTurn: Asker;
  #overlapping: Asker | undefined;
  #pending: Promise<RelationRecord<Name, F>[]> | undefined;

  constructor(relation: Relation, asked: readonly AskedField[], scope: RelationScope) {
    this.relation = relation.name as Name;
    this.fields = asked.map(({ name }) => name as F);
    this.#relation = relation;
    const own = relation.fields.find((field) => nameOf(field) === 'uuid');
    const hasUuid = asked.some(({ name }) => name === 'uuid');
    // A MIG device has a UUID of its own, which says who the record is.
    this.#asked = own === undefined || hasUuid ? asked : [{ name: 'uuid', field: own }, ...asked];
    this.#scope = scope;
    this.#inTurn = new Asker(scope.session);
  }

  sample(): RelationRecord<Name, F>[] {
    this.#scope.life.check();
    this.#inTurn.tick();
    return [...this.#inTurn.run(this.#records())];
  }

  sampleAsync(): Promise<RelationRecord<Name, F>[]> {
    this.#pending ??= this.#overlap().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  watch(options: WatchOptions): AsyncGenerator<RelationRecord<Name, F>[], void, undefined> {
    const { life } = this.#scope;
    life.check();
    checkObject('watch', options, '{ everyMs: 1000 }');
    checkNames('watch', options, WATCH_OPTIONS);
    checkWatch('watch', options);
    return ticks(() => this.sampleAsync(), options, life.ended);
  }

  async #overlap(): Promise<RelationRecord<Name, F>[]> {
    const { life, session } = this.#scope;
    life.check();
    this.#overlapping ??= new Asker(session);
    this.#overlapping.tick();
    const records = await this.#overlapping.start(this.#records());
    life.check();
    return [...records];
  }

  #records(): Asking<readonly RelationRecord<Name, F>[]> {
    return eachOf(this.#scope.chosen, (one) => this.#recordsOf(one));
  }

  *#recordsOf({ subject }: Chosen): Asking<readonly RelationRecord<Name, F>[]> {
    const { session, devices } = this.#scope;
    const around = { gpuCount: session.gpus.length, now: Date.now, gpus: session.gpus, devices };
    const fields = this.#asked.map(({ field }) => field);
    const gpu = yield* readFields(
      IDENTITY.map(({ field }) => field),
      subject,
      around,
    );
    const found = yield* readRecords(this.#relation, fields, subject, around);
    const all =
      found instanceof Missing
        ? [
            yield* readFields(
              fields.map((field) => unlisted(field, found)),
              subject,
              around,
            ),
          ]
        : found.map(({ readings }) => readings);
    return all.map((readings) => this.#record([...gpu, ...readings]));
  }

  #record(readings: readonly Reading[]): RelationRecord<Name, F> {
    // The types of the fields are generated from their kinds.
    return jsonRecord([...IDENTITY, ...this.#asked], readings) as unknown as RelationRecord<Name, F>;
  }
}

/** A field of a record that was not found: why not, or its value where it is a field of the GPU. */
const unlisted = (field: Field, why: Missing): Field =>
  'probe' in field.source || 'own' in field.source ? field : { ...field, source: constant(why) };
