/** What a C parameter is for, as src/nvml/generated/prototypes.ts describes every function of NVML. */
import type { PointedArray } from './call.js';
import type { Layout, ScalarType } from './layout.js';

export type HandleKind =
  | 'device'
  | 'unit'
  | 'gpuInstance'
  | 'computeInstance'
  | 'eventSet'
  | 'systemEventSet'
  | 'gpmSample';

export interface StructOptions {
  /** The value of its `version` field. */
  readonly version?: number;
  /** `in` is read by NVML, `inout` read and filled; filled where it is not said. */
  readonly role?: 'in' | 'inout';
  /** Fields that say what is asked. */
  readonly select?: readonly string[];
  readonly array?: PointedArray;
  /** Bytes to allow for a struct of variable length, whose size is the next parameter, by pointer. */
  readonly room?: number;
}

/** An enum's name, or the kind of a handle. */
export type Meaning = string;

/** A parameter, or the two or three that belong together. */
export type Param =
  | readonly ['handle', name: string, kind: HandleKind]
  /** A scalar by value. */
  | readonly ['in', name: string, type: ScalarType, of?: Meaning]
  /** A scalar that NVML reads through a pointer. */
  | readonly ['given', name: string, type: ScalarType]
  /** A scalar by value that is always the same. */
  | readonly ['fixed', name: string, value: number]
  /** A C string that is read. */
  | readonly ['string', name: string]
  /** A scalar or handle that is filled. */
  | readonly ['out', name: string, type: ScalarType, of?: Meaning]
  | readonly ['struct', name: string, layout: Layout, options?: StructOptions]
  /** A text that is filled, and how its size is passed: by value, by pointer, not at all, or as the result. */
  | readonly ['text', name: string, room: number, lengthBy?: 'pointer' | 'none' | 'result']
  | readonly ['list', name: string, item: Layout | ScalarType, options: ListOptions]
  /** An array followed by its size in bytes. */
  | readonly ['sized', name: string, item: ScalarType, length: number, of?: Meaning]
  /** A count by value, then that many 64-bit words. */
  | readonly ['words', name: string, words: number]
  /** A count by value, then that many field values. */
  | readonly ['fields', name: string];

export interface ListOptions {
  readonly room: number;
  readonly of?: Meaning;
  /** The array comes before the count. */
  readonly arrayFirst?: true;
  /** A second array of the same length. */
  readonly beside?: string;
  /** The count is asked before the array. */
  readonly countFirst?: true;
}

export type Prototype = readonly Param[];
