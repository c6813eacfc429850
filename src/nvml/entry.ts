/** A function of the library: its name, its parameters, and the newer versions that answer in its place. */
import type { FunctionName } from './generated/functions.js';
import type { Prototype } from './prototype.js';

export interface Entry {
  readonly fn: FunctionName;
  readonly params: Prototype;
  /** An unversioned name calls the newest version that the driver has: these are tried before it, newest first. */
  readonly newer?: readonly Entry[];
}

/** What an older driver is asked in place of a function, and the names of its outputs where the newest has others. */
export interface Older {
  readonly entry: Entry;
  readonly as?: Readonly<Record<string, string>>;
}

type InputOf<P> = P extends readonly ['in' | 'given' | 'string', infer N extends string, ...unknown[]]
  ? N
  : P extends readonly ['handle', infer N extends string, ...unknown[]]
    ? N
    : P extends readonly ['struct', string, unknown, { readonly select: readonly (infer S extends string)[] }]
      ? S
      : P extends readonly ['struct', string, { readonly fields: infer F }, { readonly role: 'in' | 'inout' }]
        ? keyof F & string
        : never;

/** The names of what a function is given: its parameters, and the fields of its structs that say what is asked. */
export type InputName<E extends Entry> = InputOf<E['params'][number]>;
