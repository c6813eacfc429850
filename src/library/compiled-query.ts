/** A query whose names, symbols and buffers are resolved once. */
import { checkNames, checkObject } from '../nvml/api/check.js';
import type { Session } from '../nvml/session.js';
import { compilePlan, type Plan } from '../query/plan.js';
import { inTurn } from '../query/probe.js';
import type { Row } from '../query/row.js';
import { type AskedField, jsonRecord } from '../render/json.js';
import type { Chosen } from './chosen-gpus.js';
import type { Life } from './life.js';
import type { FieldName, Query, Sample } from './query.js';
import { checkWatch, ticks, WATCH_OPTIONS, type WatchOptions } from './watch.js';

/** A row whose calls are made in turn, none on worker threads. */
const askedInTurn = (row: Row): Row =>
  'probe' in row.source && row.source.probe.waits
    ? { ...row, source: { ...row.source, probe: inTurn(row.source.probe) } }
    : row;

/** Whom a query asks, and how long it may. */
interface Scope {
  readonly session: Session;
  readonly life: Life;
  readonly chosen: readonly Chosen[];
}

export class CompiledQuery<Name extends FieldName> implements Query<Name> {
  readonly #scope: Scope;
  readonly #asked: readonly AskedField[];
  readonly #inTurn: Plan;
  #overlapping: Plan | undefined;
  #pending: Promise<Sample<Name>[]> | undefined;

  constructor(
    readonly fields: readonly Name[],
    rows: readonly Row[],
    scope: Scope,
  ) {
    this.#scope = scope;
    this.#asked = fields.map((name, i) => ({ name, row: rows[i] as Row }));
    this.#inTurn = this.#compile(rows.map(askedInTurn));
  }

  sample(): Sample<Name>[] {
    this.#scope.life.check();
    void this.#inTurn.sample();
    return this.#read(this.#inTurn);
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

  #compile(rows: readonly Row[]): Plan {
    const { session, chosen } = this.#scope;
    const subjects = chosen.map(({ subject }) => subject);
    return compilePlan(rows, subjects, { session, now: Date.now });
  }

  async #overlap(): Promise<Sample<Name>[]> {
    const { life } = this.#scope;
    life.check();
    this.#overlapping ??= this.#compile(this.#asked.map(({ row }) => row));
    await this.#overlapping.sample();
    life.check();
    return this.#read(this.#overlapping);
  }

  #read({ lines }: Plan): Sample<Name>[] {
    return lines.map(
      ({ readers }) =>
        jsonRecord(
          this.#asked,
          readers.map((read) => read()),
        ) as Sample<Name>,
    );
  }
}
