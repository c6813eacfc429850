/** A probe: one named question to NVML. All rows that need its answer about a subject share one call. */
import type { Call, FieldId } from '../nvml/call.js';

export type Lifetime = 'static' | 'sample';

export interface Probe {
  /** Unique: rows whose probes have the same name share one call. */
  readonly name: string;
  /** `static` is asked once per run, `sample` at every tick. */
  readonly lifetime: Lifetime;
  /** The driver spends most of the call waiting. Such a probe is asked on a worker thread, so that the waits overlap. */
  readonly waits: boolean;
  /** The driver measures while it waits, and other calls would disturb that: the probe is asked when they are done. */
  readonly undisturbed?: true;
  /** The same question for newer and older drivers, newest first. */
  readonly calls: readonly Call[];
  /** Instead of calls: a field id, asked in one batch with the others of the same subject. */
  readonly field?: FieldId;
}

interface ProbeOptions {
  readonly lifetime?: Lifetime;
  readonly waits?: boolean;
}

const made = (name: string, calls: readonly Call[], options: ProbeOptions): Probe => ({
  name,
  calls,
  lifetime: options.lifetime ?? 'sample',
  waits: options.waits ?? false,
});

/** A question that is asked at every tick. */
export const sample = (name: string, ...calls: readonly Call[]): Probe => made(name, calls, {});

/** A question whose answer does not change while the program runs. */
export const fixed = (name: string, ...calls: readonly Call[]): Probe =>
  made(name, calls, { lifetime: 'static' });

/** Lets a probe be asked on a worker thread. */
export const waiting = (probe: Probe): Probe => ({ ...probe, waits: true });

/** Lets a probe be asked on the main thread among the others, for callers that block until all answers are there. */
export const inTurn = ({ undisturbed: _, ...probe }: Probe): Probe => ({ ...probe, waits: false });

/** Lets a probe be asked on a worker thread while no other call is made about its GPU. */
export const undisturbed = (probe: Probe): Probe => ({ ...waiting(probe), undisturbed: true });

/** A probe that asks nvmlDeviceGetFieldValues for one field id. */
export const field = (id: number, scope = 0, lifetime: Lifetime = 'sample'): Probe => ({
  name: `field ${id}:${scope}`,
  lifetime,
  waits: false,
  calls: [],
  field: [id, scope],
});
