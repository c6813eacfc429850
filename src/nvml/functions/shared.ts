/**
 * What all copies of this library in a process have in common: the open NVML. A package that is imported and required
 * is there twice, as ESM and as CommonJS; handles and nvmlInit of the one are good for the other.
 */

import { Handles } from '../backend/child/handles.js';
import type { Driver } from '../call.js';

/** Another process that has the same library open. */
export interface Beside {
  /** Once it is open there. */
  readonly ready: Promise<Driver>;
  end(): void;
}

interface Shared {
  /** Who answers, while NVML is open. */
  driver: Driver | undefined;
  /** Goes up whenever NVML is opened: what an earlier life gave out points into nothing. */
  life: number;
  /** How many nvmlInit still need their nvmlShutdown. */
  count: number;
  /** What is open, and with other options could not be opened, too. */
  source: string;
  /** The file of the library that is open; undefined for a recording. */
  path: string | undefined;
  /** Milliseconds that NVML has for each call, where it was opened with a timeout. */
  timeout: number | undefined;
  /** Someone opens it. */
  opening: Promise<void> | undefined;
  /** Another process that has the same library open, for calls with limits. */
  beside: Beside | undefined;
  /** What the open library gave out, as other processes can ask for it. */
  handles: Handles;
  /** The library stays loaded between two openings: handles of the first must not dangle. */
  readonly loaded: Map<string, Driver>;
  /** Recordings that were given as objects, each with a name of its own. */
  readonly objects: WeakMap<object, string>;
  objectCount: number;
}

/** The number goes up when this, or how a driver is called, changes: other releases share nothing. */
const KEY = Symbol.for('nvsmi/nvml 4');

const global = globalThis as { [KEY]?: Shared };
global[KEY] ??= {
  driver: undefined,
  life: 0,
  count: 0,
  source: '',
  path: undefined,
  timeout: undefined,
  opening: undefined,
  beside: undefined,
  handles: new Handles(),
  loaded: new Map(),
  objects: new WeakMap(),
  objectCount: 0,
};

export const shared: Shared = global[KEY];
