/** What a query of fields is: the names, the values, and why there is none. */
import type { GpuFieldNumbers, GpuFields } from './generated/fields.js';
import type { WatchOptions } from './watch.js';

export type { GpuFieldNumbers, GpuFields };

/** The name of a field of a GPU: `memory.used`, `utilization.gpu`. Most are fields of --query-gpu. */
export type FieldName = keyof GpuFields;

/** The number of a field: `NVSMI.MEMORY_USED`. */
export type FieldNumber = keyof GpuFieldNumbers;

/** The key of a field in a sample: the name or alias as given, or the name of the field for a number. */
export type NameOf<Field extends FieldName | FieldNumber> = Field extends FieldNumber
  ? GpuFieldNumbers[Field]
  : Field;

/** Why a value is null, by field: Not Supported, Insufficient Permissions, GPU is lost. */
export type Reasons<Name extends FieldName> = { readonly [N in keyof Pick<GpuFields, Name>]?: string };

/**
 * The values of one GPU: a number in the field's unit, a boolean, a string, or null if missing. It equals a record of
 * `--query-gpu` with `--format=json`.
 */
export type Sample<Name extends FieldName> = {
  // Mapped over the keys of the fields, not over their names, so that the fields' comments come along.
  readonly [N in keyof Pick<GpuFields, Name>]: GpuFields[N] | null;
} & {
  /** Why values are null; only present if some are. */
  readonly reasons?: Reasons<Name>;
};

/** Fields of some GPUs, compiled once and sampled many times. */
export interface Query<Name extends FieldName> {
  /** The names of the fields in a sample. */
  readonly fields: readonly Name[];

  /**
   * Reads every GPU and returns one sample for each, in their order. Calls that wait inside the driver (PCIe
   * throughput: 21 ms) block the program: see {@link sampleAsync}.
   *
   * @throws NVMLError_Uninitialized once the machine is closed
   */
  sample(): Sample<Name>[];

  /**
   * The same on worker threads, with all GPUs at the same time. A call made while another is pending
   * returns the same samples.
   *
   * @throws NVMLError_Uninitialized if the machine is closed, also during the call
   */
  sampleAsync(): Promise<Sample<Name>[]>;

  /**
   * Samples at a fixed interval, like {@link sampleAsync}. Ends with `break`, with the signal, or when the machine
   * is closed.
   *
   * @throws RangeError, TypeError immediately, for invalid options
   * @throws NVMLError_Uninitialized once the machine is closed
   */
  watch(options: WatchOptions): AsyncGenerator<Sample<Name>[], void, undefined>;
}

/** A field name that does not exist. */
export class UnknownField extends Error {
  override readonly name = 'UnknownField';

  constructor(
    readonly field: string | number,
    /** The nearest names. */
    near: readonly string[],
    /** The relation without that field, unless it is `gpus`. */
    relation?: string,
  ) {
    const name =
      typeof field === 'number' ? `${field} is not the number of a field` : `"${field}" is not a field`;
    const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
    super(`${name}${relation === undefined ? '' : ` of ${relation}`}${hint}`);
  }
}
