/** What a relation is to the library: its records, and how they are asked for. */
import type { RelationFields, RelationNumbers } from './generated/fields.js';
import type { WatchOptions } from './watch.js';

export type { RelationFields, RelationNumbers };

/** The name of a relation: `gpus`, or what a GPU has several of, such as `compute_apps` or `retired_pages`. */
export type RelationName = keyof RelationFields;

/** A field of a relation, by name or by number. */
export type RelationField<Relation extends RelationName> =
  | (keyof RelationFields[Relation] & string)
  | (keyof RelationNumbers[Relation] & number);

/** The key of a field in a record: the name or alias as given, or the name of the field for a number. */
export type RelationFieldName<Relation extends RelationName, F> = F extends keyof RelationNumbers[Relation]
  ? RelationNumbers[Relation][F] & keyof RelationFields[Relation]
  : F & keyof RelationFields[Relation];

/**
 * One record. `gpu` and `uuid` identify its GPU or MIG device. A value that cannot be read is null, with the reason in `reasons`.
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
  /** Why values are null; only present if some are. */
  readonly reasons?: { readonly [N in Name | 'uuid']?: string };
};

/** Fields of the records of a relation, compiled once and sampled many times. */
export interface RelationQuery<
  Relation extends RelationName,
  Name extends keyof RelationFields[Relation] = keyof RelationFields[Relation],
> {
  readonly relation: Relation;
  /** The names of the fields in a record. */
  readonly fields: readonly Name[];

  /**
   * Reads every GPU and returns the records of all, in the order of the GPUs. A GPU without records has none. A GPU whose
   * records cannot be listed has one record of nulls, with the reason in `reasons`.
   *
   * @throws NVMLError_Uninitialized once the machine is closed
   */
  sample(): RelationRecord<Relation, Name>[];

  /**
   * The same on worker threads, with all GPUs at the same time. A call made while another is pending gets the
   * same records.
   *
   * @throws NVMLError_Uninitialized if the machine is closed, also during the call
   */
  sampleAsync(): Promise<RelationRecord<Relation, Name>[]>;

  /**
   * Samples at a fixed interval, like {@link sampleAsync}. Ends with `break`, with the signal, or when the machine
   * is closed.
   *
   * @throws RangeError, TypeError immediately, for invalid options
   * @throws NVMLError_Uninitialized once the machine is closed
   */
  watch(options: WatchOptions): AsyncGenerator<RelationRecord<Relation, Name>[], void, undefined>;
}

/** A name that no relation has. */
export class UnknownRelation extends Error {
  override readonly name = 'UnknownRelation';

  constructor(
    readonly relation: string,
    /** The nearest names. */
    near: readonly string[],
    all: readonly string[],
  ) {
    const hint = near.length === 0 ? `there are ${all.join(', ')}` : `did you mean ${near.join(' or ')}?`;
    super(`"${relation}" is not a relation; ${hint}`);
  }
}
