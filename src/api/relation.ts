/** What a relation is to the library: its records, and how they are asked for. */
import type { RelationFields, RelationNumbers } from './generated/fields.js';
import type { WatchOptions } from './watch.js';

export type { RelationFields, RelationNumbers };

/** The name of a relation: what there are several of on a GPU, `compute_apps`, `retired_pages`; and `gpus`. */
export type RelationName = keyof RelationFields;

/** A field of a relation, by name or by number. */
export type RelationField<Relation extends RelationName> =
  | (keyof RelationFields[Relation] & string)
  | (keyof RelationNumbers[Relation] & number);

/** The names that fields have in a record: an alias its own, a number the name of its field. */
export type RelationFieldName<Relation extends RelationName, F> = F extends keyof RelationNumbers[Relation]
  ? RelationNumbers[Relation][F] & keyof RelationFields[Relation]
  : F & keyof RelationFields[Relation];

/**
 * One record. `gpu` and `uuid` say which GPU, or MIG device, it is of. What cannot be read is null, and `reasons` says why.
 */
export type RelationRecord<
  Relation extends RelationName,
  Name extends keyof RelationFields[Relation] = keyof RelationFields[Relation],
> = {
  /** Index of the GPU. */
  readonly gpu: number;
  readonly uuid: string | null;
} & {
  // Mapped over the keys of the fields, not over their names, so that the fields' comments come along.
  readonly [N in keyof Pick<RelationFields[Relation], Name>]: RelationFields[Relation][N] | null;
} & {
  /** Why values are null, where some are. */
  readonly reasons?: { readonly [N in Name | 'uuid']?: string };
};

/** Fields of the records of a relation, to be asked for as often as wanted. */
export interface RelationQuery<
  Relation extends RelationName,
  Name extends keyof RelationFields[Relation] = keyof RelationFields[Relation],
> {
  readonly relation: Relation;
  /** The names of the fields in a record. */
  readonly fields: readonly Name[];

  /**
   * Asks every GPU now and returns the records of all, in the order of the GPUs. A GPU without records has none. One whose
   * records cannot be listed has one record of nulls, and its `reasons` say why.
   *
   * @throws NVMLError_Uninitialized once the machine is closed
   */
  sample(): RelationRecord<Relation, Name>[];

  /**
   * The same with the waits of all GPUs at the same time, on worker threads. Whoever asks while another is asking gets the
   * same records.
   *
   * @throws NVMLError_Uninitialized once the machine is closed, also meanwhile
   */
  sampleAsync(): Promise<RelationRecord<Relation, Name>[]>;

  /**
   * Samples at a steady pace, as {@link sampleAsync} takes them. Ends with `break`, with the signal, or when the machine
   * is closed.
   *
   * @throws RangeError, TypeError at once, for invalid options
   * @throws NVMLError_Uninitialized once the machine is closed
   */
  watch(options: WatchOptions): AsyncGenerator<RelationRecord<Relation, Name>[], void, undefined>;
}

/** A name that no relation has. */
export class UnknownRelation extends Error {
  override readonly name = 'UnknownRelation';

  constructor(
    readonly relation: string,
    /** Names that are written almost like it. */
    near: readonly string[],
    all: readonly string[],
  ) {
    const hint = near.length === 0 ? `there are ${all.join(', ')}` : `did you mean ${near.join(' or ')}?`;
    super(`"${relation}" is not a relation; ${hint}`);
  }
}
