/** A function of the library: its symbol, its parameters, and the newer symbols that stand before it. */
import type { FunctionName } from './generated/functions.js';
import type { Prototype } from './prototype.js';

export interface Entry {
  readonly fn: FunctionName;
  readonly params: Prototype;
  /** Under an unversioned name the newest version that the driver has answers. Newest first. */
  readonly newer?: readonly Entry[];
}
