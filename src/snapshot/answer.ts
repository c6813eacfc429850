/**
 * Answers as the JSON of a snapshot's cells. A scalar is a number (a decimal string beyond 2^53), a struct an object, a
 * list an array, a handle its name, text a string.
 */
import type { Handle } from '../nvml/call.js';

export type Json = number | string | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Handles cannot be written down: a recording calls them gpu0, gpu0/mig1, unit0. */
export interface HandleNames {
  nameOf(handle: bigint): string;
  handleOf(name: string): Handle;
}

/** JSON that does not fit the output it is for. */
export class AnswerError extends Error {}
