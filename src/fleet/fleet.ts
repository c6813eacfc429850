/** The GPUs of many hosts, wherever the values come from, and the hosts that gave none. */
import type { Reading } from '../query/reading.js';

export interface FleetGpu {
  readonly host: string;
  /** Readings by the fields of --query-gpu, of the kind that the source has for them. */
  readonly readings: ReadonlyMap<string, Reading>;
  /** Whose processes are on it; undefined where nothing is known of processes. */
  readonly owners: Owners | undefined;
  /** How old the values are; undefined where that is not known. */
  readonly ageSeconds: number | undefined;
  /** What is wrong with it beyond its readings. */
  readonly problems: readonly string[];
}

export interface Owners {
  readonly users: readonly string[];
  readonly pods: readonly string[];
  readonly jobs: readonly string[];
  readonly processes: number;
}

/** A host without values, and why. */
export interface SilentHost {
  readonly host: string;
  readonly reason: string;
}

export interface Fleet {
  readonly gpus: readonly FleetGpu[];
  readonly silent: readonly SilentHost[];
  /** Whether the readings are texts, as nvidia-smi printed them. */
  readonly isPrinted: boolean;
}

/** The fields that the table is made of. Every nvidia-smi of the last ten years knows them. */
export const TABLE_FIELDS = [
  'index',
  'uuid',
  'name',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
  'ecc.errors.uncorrected.volatile.total',
] as const;

/** More of them, where they come without asking for them. */
export const HEALTH_FIELDS = [
  'gpu_recovery_action',
  'remapped_rows.pending',
  'remapped_rows.failure',
] as const;

/** Nothing can be said: the source itself failed. */
export class FleetError extends Error {
  constructor(
    message: string,
    /** Whether it took too long. */
    readonly isLate = false,
  ) {
    super(message);
  }
}

/** Hosts by name, numbers in them as numbers: node2 is before node10. */
export const byHost: (a: string, b: string) => number = new Intl.Collator('en', { numeric: true }).compare;
