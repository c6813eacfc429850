/**
 * An NVML call as data: the function, its arguments, and its outputs. The same call is
 * run by the driver (library-call.ts), answered from a recording (snapshot-driver.ts) and written to one.
 */

import type { FunctionName } from './generated/functions.js';
import type { Layout, ScalarType } from './layout.js';
import type { CallLimits } from './limits.js';
import type { Status } from './status.js';

/** An opaque NVML handle: the pointer that the library gave out. */
export type Handle = bigint & { readonly handle: unique symbol };

/** Struct fields to be set before a call, by name; a dot leads into a nested struct. */
export type Preset = Readonly<Record<string, number | bigint | string>>;

/** An array that a struct points to. */
export interface PointedArray {
  readonly field: string;
  /** The field with the room there is on the way in, and the items there are on the way out. */
  readonly count: string;
  /** Where the items that were filled are counted, if not in `count`. */
  readonly filled?: string;
  readonly item: Layout | ScalarType;
  readonly room: number;
  /** Fields of each item to be set before the call. */
  readonly set?: readonly Preset[];
}

/** What one output parameter leaves in memory. */
export type Out =
  /** A scalar that is passed by pointer. */
  | { readonly out: 'scalar'; readonly name: string; readonly type: ScalarType }
  /** A struct that is passed by pointer; `set` fills fields before the call (version, selectors). */
  | {
      readonly out: 'struct';
      readonly layout: Layout;
      readonly set?: Preset;
      /** Only read by NVML: no answer. */
      readonly given?: true;
      /** Bytes from its beginning that the answer is in, where the rest is not read. */
      readonly answer?: number;
      /** An array that the struct points to; it follows the struct in the same memory. */
      readonly array?: PointedArray;
      /** Bytes to allow beyond the struct, whose whole size is the next parameter, by pointer. */
      readonly room?: number;
    }
  /** A text buffer followed by its length, unless `lengthBy` says otherwise. */
  | { readonly out: 'text'; readonly length: number; readonly lengthBy?: 'pointer' | 'none' | 'result' }
  /** A count pointer followed by an array pointer; grows when the library asks for more room. */
  | {
      readonly out: 'list';
      readonly item: Layout | ScalarType;
      readonly capacity: number;
      readonly set?: Readonly<Record<string, number>>;
      /** The array comes before the count in the parameters. */
      readonly arrayFirst?: true;
      /** A second array of 64-bit numbers, as long as the first, follows it. */
      readonly beside?: true;
      /** The count is asked without an array first, and the array only where there is something to fill it with. */
      readonly countFirst?: true;
    }
  /** An array followed by its size in bytes by value. */
  | { readonly out: 'sized'; readonly item: ScalarType; readonly length: number }
  /** A count by value followed by an array of that many 64-bit words (CPU and node sets). */
  | { readonly out: 'words'; readonly length: number }
  /** Field values asked in one batch: count by value followed by the array. */
  | { readonly out: 'fields'; readonly ids: readonly FieldId[] };

/** A field id of nvmlDeviceGetFieldValues with its scope (link, power scope), 0 where it has none. */
export type FieldId = readonly [id: number, scope: number];

/** The handle that the call is about. */
export const SUBJECT = { subject: true } as const;

export type Arg = number | string | Handle | typeof SUBJECT | Out;

export interface Call {
  readonly fn: FunctionName;
  readonly args: readonly Arg[];
}

/** Waits for one result. It may be called before what it was given to returns. */
export interface Waiter<T> {
  resolve(result: T): void;
  reject(error: unknown): void;
}

/**
 * A call made ready for one subject. `memory` has one buffer per output, in order; they are reused by every
 * run, and a list's is replaced only when the list outgrows it.
 */
export interface Bound {
  readonly call: Call;
  readonly memory: readonly Buffer[];
  /** Status of the last run. */
  readonly status: Status;
  /** Calls NVML and keeps the status. */
  run(): Status;
  /** The same on a worker thread, for calls that mostly wait. The limits are for a driver that is elsewhere. */
  start(limits?: CallLimits): Promise<Status>;
  /** The same without a promise for each call, where a driver can: a monitor asks for more than a hundred at a time. */
  begin?(waiter: Waiter<Status>): void;
  /** The memory was filled for the call, beyond what its arguments say: another process has to be given it. */
  given?(): void;
  /** Why the last start did not get a thread; its status is NVML_ERROR_TIMEOUT then. */
  readonly reason?: string | undefined;
  /** Whether the last start found that the library has no such symbol, where that is not known before. */
  readonly isMissing?: boolean;
}

/** Answers calls: the NVML library, or a recording of it. */
export interface Driver {
  /** Where the answers come from, for messages: a path or a recording's name. */
  readonly source: string;
  /** Whether another process makes the calls: they can be started, and not run. */
  readonly isElsewhere?: true;
  /** The driver is that of Windows: its nvidia-smi has a few lines less, and a heading of its own. */
  readonly onWindows?: boolean;
  /** Undefined where the library has no such symbol, and that is known. */
  bind(call: Call, subject?: Handle): Bound | undefined;
  /** The same driver for one asker, whose samples have a deadline of their own. */
  forAsker?(): Driver;
  /**
   * Someone takes a sample, here and now: calls until the next are answered as of one moment. A recording moves on where the
   * same asker has asked at this moment already. NVML moves by itself, and so it has none.
   */
  beginSample?(asker: object): void;
  /** The C string at a pointer that the library returned. A recording has none. */
  textAt?(pointer: bigint): string | undefined;
  /** Forgets symbols and unloads. */
  close(): void;
}

export const struct = (layout: Layout, set: Preset = {}): Out => ({
  out: 'struct',
  layout,
  set,
});
export const call = (fn: FunctionName, ...args: Arg[]): Call => ({ fn, args });

export const isOut = (arg: Arg): arg is Out => typeof arg === 'object' && 'out' in arg;
