/** A query whose names, symbols and buffers are resolved once. */

import { type AskedField, jsonRecord } from '../format/json.js';
import { Asker } from '../query/ask/asker.js';
import { compilePlan, growingReaders } from '../query/plan.js';
import { Compiled, type CompiledScope, type Sampler } from './compiled.js';
import type { FieldName, Query, Sample } from './query.js';

export class CompiledQuery<Name extends FieldName> extends Compiled<Sample<Name>> implements Query<Name> {
  /** The names of the fields in a sample. */
  readonly fields: readonly Name[];
  readonly #scope: CompiledScope;
  readonly #asked: readonly AskedField[];

  constructor(asked: readonly AskedField[], scope: CompiledScope) {
    super(scope);
    this.fields = asked.map(({ name }) => name as Name);
    this.#scope = scope;
    this.#asked = asked;
  }

  protected override sampler(): Sampler<Sample<Name>> {
    const { session, chosen } = this.#scope;
    const asker = new Asker(session);
    const rows = this.#asked.map(({ field }) => field);
    const subjects = chosen.map(({ subject }) => subject);
    const plan = compilePlan(rows, subjects, { asker, now: Date.now });
    const lines = plan.lines.map((line) => growingReaders(rows, line));
    const read = (): Sample<Name>[] =>
      lines.map((readers) => {
        const readings = readers.map((reader) => reader());
        return jsonRecord(this.#asked, readings) as Sample<Name>;
      });
    return {
      take: () => {
        asker.tick();
        plan.run();
        return read();
      },
      takeLater: async () => {
        asker.tick();
        await plan.sample();
        return read();
      },
    };
  }
}
