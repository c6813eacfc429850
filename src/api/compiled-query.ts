/** A query whose names, symbols and buffers are resolved once. */

import { type AskedField, jsonRecord } from '../format/json.js';
import { checkNames, checkObject } from '../nvml/functions/check.js';
import type { Session } from '../nvml/session.js';
import { Asker } from '../query/ask/asker.js';
import { compilePlan, growingReaders, type Plan } from '../query/plan.js';
import type { Reader } from '../query/reading.js';
import type { Chosen } from './chosen-gpus.js';
import type { Life } from './life.js';
import type { FieldName, Query, Sample } from './query.js';
import { checkWatch, ticks, WATCH_OPTIONS, type WatchOptions } from './watch.js';

/** A plan with an asker of its own: one may wait while the other is asked. */
interface ReadyPlan {
  readonly asker: Asker;
  readonly plan: Plan;
  readonly lines: readonly (readonly Reader[])[];
}

/** Whom a query asks, and how long it may. */
export interface QueryScope {
  readonly session: Session;
  readonly life: Life;
  readonly chosen: readonly Chosen[];
}

export class CompiledQuery<Name extends FieldName> implements Query<Name> {
  /** The names of the fields in a sample. */
  readonly fields: readonly Name[];
  readonly #scope: QueryScope;
  readonly #asked: readonly AskedField[];
  readonly #inTurn: ReadyPlan;
  #overlapping: ReadyPlan | undefined;
  #pending: Promise<Sample<Name>[]> | undefined;

  constructor(asked: readonly AskedField[], scope: QueryScope) {
    this.fields = asked.map(({ name }) => name as Name);
    this.#scope = scope;
    this.#asked = asked;
    this.#inTurn = this.#compile();
  }

  sample(): Sample<Name>[] {
    this.#scope.life.check();
    const { asker, plan, lines } = this.#inTurn;
    asker.tick();
    plan.run();
    return this.#read(lines);
  }

  sampleAsync(): Promise<Sample<Name>[]> {
    this.#pending ??= this.#overlap().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  watch(options: WatchOptions): AsyncGenerator<Sample<Name>[], void, undefined> {
    const { life } = this.#scope;
    life.check();
    checkObject('watch', options, '{ everyMs: 1000 }');
    checkNames('watch', options, WATCH_OPTIONS);
    checkWatch('watch', options);
    return ticks(() => this.sampleAsync(), options, life.ended);
  }

  #compile(): ReadyPlan {
    const { session, chosen } = this.#scope;
    const asker = new Asker(session);
    const subjects = chosen.map(({ subject }) => subject);
    const rows = this.#asked.map(({ field }) => field);
    const plan = compilePlan(rows, subjects, { asker, now: Date.now });
    return { asker, plan, lines: plan.lines.map((line) => growingReaders(rows, line)) };
  }

  async #overlap(): Promise<Sample<Name>[]> {
    const { life } = this.#scope;
    life.check();
    this.#overlapping ??= this.#compile();
    const { asker, plan, lines } = this.#overlapping;
    asker.tick();
    await plan.sample();
    life.check();
    return this.#read(lines);
  }

  #read(lines: ReadyPlan['lines']): Sample<Name>[] {
    return lines.map(
      (readers) =>
        jsonRecord(
          this.#asked,
          readers.map((read) => read()),
        ) as Sample<Name>,
    );
  }
}
