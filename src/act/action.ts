/**
 * An action: something that changes a GPU, as data. What it is called, the NVML functions that it calls, the fields that it
 * changes, what it needs, how what it sets is checked against what the GPU allows, and nvidia-smi's words for what came of it.
 */
import type { Release } from '../base/release.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import type { Gpu } from '../nvml/session.js';
import type { Status } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import type { JsonScalar } from '../query/kind.js';

/** A GPU that is to be changed. */
export interface Target {
  readonly asker: Asker;
  readonly gpu: Gpu;
  /** As nvidia-smi prints it: 00000000:00:06.0 */
  readonly busId: string;
  /** The driver's release: nvidia-smi's words are those of the driver. */
  readonly release: Release;
}

/** What an action needs, or what it takes until it shows. */
export const NEEDS = ['root', 'idle', 'reboot', 'reload'] as const;
export type Need = (typeof NEEDS)[number];

/** What came of an action: `ready` is one that was checked and not made. */
export const OUTCOMES = ['ready', 'changed', 'unchanged', 'unsupported', 'failed'] as const;
export type ActionOutcome = (typeof OUTCOMES)[number];

export interface ActionVerdict {
  readonly outcome: ActionOutcome;
  readonly status: Status;
  /** nvidia-smi's words. */
  readonly lines: readonly string[];
  /** nvidia-smi says at the end that the machine has to be restarted. */
  readonly needsReboot?: true;
  /**
   * Unsupported, and nvidia-smi does not call that a warning; changed, and persistence does not matter; or failed, and nvidia-smi
   * ends with 0 all the same.
   */
  readonly isQuiet?: true;
}

export interface Action<Value> {
  /** The long name of its option. */
  readonly name: string;
  readonly functions: readonly FunctionName[];
  /** Fields of --query-gpu that it changes. */
  readonly fields: readonly string[];
  readonly needs: readonly Need[];
  /** Asks the GPU first: whether it can be made, and if not, why. */
  check(target: Target, value: Value): ActionVerdict;
  make(target: Target, value: Value): ActionVerdict;
  /** The value for a plan and for JSON. */
  shown(value: Value): JsonScalar;
}

export const ready: ActionVerdict = { outcome: 'ready', status: 0, lines: [] };

export const changed = (...lines: readonly string[]): ActionVerdict => ({
  outcome: 'changed',
  status: 0,
  lines,
});

export const unchanged = (...lines: readonly string[]): ActionVerdict => ({
  outcome: 'unchanged',
  status: 0,
  lines,
});

/** nvidia-smi continues after it, unless -eow is given. */
export const unsupported = (status: Status, ...lines: readonly string[]): ActionVerdict => ({
  outcome: 'unsupported',
  status,
  lines,
});

export const failed = (status: Status, ...lines: readonly string[]): ActionVerdict => ({
  outcome: 'failed',
  status,
  lines,
});
