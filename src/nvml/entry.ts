/** A function of the library: its name, its parameters, and the newer versions that answer in its place. */
import type { FunctionName } from './generated/functions.js';
import type { Prototype } from './prototype.js';

export interface Entry {
  readonly fn: FunctionName;
  readonly params: Prototype;
  /** An unversioned name stands for the newest version that the driver has: these are tried before it, newest first. */
  readonly newer?: readonly Entry[];
}
