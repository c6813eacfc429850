/** A relation whose names are resolved once, and whose records are found at every sample. */

import { type AskedField, jsonRecord } from '../format/json.js';
import { Missing } from '../nvml/status.js';
import { Asker } from '../query/ask/asker.js';
import { type Asking, eachOf } from '../query/ask/asking.js';
import type { NearbyDevices } from '../query/ask/field-reader.js';
import { readFields, readRecords } from '../query/ask/records.js';
import { constant, type Field, nameOf } from '../query/field.js';
import { identity } from '../query/identity.js';
import type { Reading } from '../query/reading.js';
import { beginRelation, type Relation, type RelationRun } from '../query/relation.js';
import type { Chosen } from './chosen-gpus.js';
import { Compiled, type CompiledScope, type Sampler } from './compiled.js';
import type { RelationFields, RelationName, RelationQuery, RelationRecord } from './relation.js';

/** Whom a relation asks: NVML, and the system for devices that are no GPUs. */
export interface RelationScope extends CompiledScope {
  readonly devices: NearbyDevices;
}

/** What says of which GPU a record is. */
const IDENTITY: readonly AskedField[] = [
  { name: 'gpu', field: identity.gpu },
  { name: 'uuid', field: identity.uuid },
];

export class CompiledRelation<Name extends RelationName, F extends keyof RelationFields[Name]>
  extends Compiled<RelationRecord<Name, F>>
  implements RelationQuery<Name, F>
{
  readonly relation: Name;
  readonly fields: readonly F[];
  readonly #relation: Relation;
  readonly #asked: readonly AskedField[];
  readonly #scope: RelationScope;

  constructor(relation: Relation, asked: readonly AskedField[], scope: RelationScope) {
    super(scope);
    this.relation = relation.name as Name;
    this.fields = asked.map(({ name }) => name as F);
    this.#relation = relation;
    const own = relation.fields.find((field) => nameOf(field) === 'uuid');
    const hasUuid = asked.some(({ name }) => name === 'uuid');
    // A MIG device has a UUID of its own, which says who the record is.
    this.#asked = own === undefined || hasUuid ? asked : [{ name: 'uuid', field: own }, ...asked];
    this.#scope = scope;
  }

  protected override sampler(): Sampler<RelationRecord<Name, F>> {
    const { session, life, chosen } = this.#scope;
    const asker = new Asker(session);
    const run = beginRelation(this.#relation);
    let isAsking = false;
    // While a worker thread may use what NVML allocated, and in another process, that is left to the end of the process.
    if (this.#relation.begin !== undefined) {
      life.atEnd(() => {
        if (!isAsking && !session.driver.isElsewhere) asker.run(run.end());
      });
    }
    const records = (): Asking<readonly RelationRecord<Name, F>[]> =>
      eachOf(chosen, (one) => this.#recordsOf(one, run));
    return {
      take: () => {
        asker.tick();
        return [...asker.run(records())];
      },
      takeLater: async () => {
        asker.tick();
        isAsking = true;
        try {
          return [...(await asker.start(records()))];
        } finally {
          isAsking = false;
        }
      },
    };
  }

  *#recordsOf({ subject }: Chosen, run: RelationRun): Asking<readonly RelationRecord<Name, F>[]> {
    const { session, devices } = this.#scope;
    const around = { gpuCount: session.gpus.length, now: Date.now, gpus: session.gpus, devices };
    const fields = this.#asked.map(({ field }) => field);
    const gpu = yield* readFields(
      IDENTITY.map(({ field }) => field),
      subject,
      around,
    );
    const found = yield* readRecords(run, fields, subject, around);
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
