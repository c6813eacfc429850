/** A probe: one named NVML question about one subject, shared by every row that needs its answer. */
import type { Call, FieldId } from '../nvml/call.js';

export type Lifetime = 'static' | 'sample';

export interface Probe {
  /** Unique; plans share by it. */
  readonly name: string;
  /** `static` is asked once per run, `sample` at every tick. */
  readonly lifetime: Lifetime;
  /** The answer mostly waits inside the driver: asked on a worker thread, so that the waits overlap. */
  readonly waits: boolean;
  /** The wait measures what the other calls would disturb: asked when they are done. */
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

/** The probe, asked on a worker thread. */
export const waiting = (probe: Probe): Probe => ({ ...probe, waits: true });

/** The probe, asked in its turn like any other: for who waits for all answers at once. */
export const inTurn = ({ undisturbed: _, ...probe }: Probe): Probe => ({ ...probe, waits: false });

/** The probe, asked on a worker thread once nothing else is asked of the GPUs. */
export const undisturbed = (probe: Probe): Probe => ({ ...waiting(probe), undisturbed: true });

/** A field id of nvmlDeviceGetFieldValues. */
export const field = (id: number, scope = 0, lifetime: Lifetime = 'sample'): Probe => ({
  name: `field ${id}:${scope}`,
  lifetime,
  waits: false,
  calls: [],
  field: [id, scope],
});
