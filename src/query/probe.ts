/**
 * A probe: one NVML function with its inputs, as the prototypes declare them, and how often it is asked. Fields whose probes
 * have the same function and inputs share one call.
 */
import type { Call, FieldId } from '../nvml/call.js';
import { callNamed, type Inputs, type InputsOf } from '../nvml/call-of.js';
import type { Entry } from '../nvml/entry.js';
import { older } from '../nvml/generated/older.js';

export type Lifetime = 'static' | 'sample';

export interface Probe {
  /** The function and its inputs: the same for all probes that one call answers. */
  readonly name: string;
  /** `static` is asked once per run, `sample` at every tick. */
  readonly lifetime: Lifetime;
  /** The driver spends most of the call waiting. Such a probe is asked on a worker thread, so that the waits overlap. */
  readonly waits: boolean;
  /** The driver measures while it waits, and other calls would disturb that: the probe is asked when they are done. */
  readonly undisturbed?: true;
  /** The function, then what older drivers are asked in its place, newest first. */
  readonly calls: () => readonly Call[];
  /** Instead of calls: a field id, asked in one batch with the others of the same subject. */
  readonly field?: FieldId;
}

/** A function that is asked at every tick. Its first handle is the subject that it is asked about. */
export const sample = <E extends Entry>(entry: E, inputs?: InputsOf<E>): Probe =>
  made(entry, inputs ?? {}, 'sample');

/** A function whose answer does not change while the program runs. */
export const fixed = <E extends Entry>(entry: E, inputs?: InputsOf<E>): Probe =>
  made(entry, inputs ?? {}, 'static');

function made(entry: Entry, inputs: Inputs, lifetime: Lifetime): Probe {
  const given = Object.values(inputs);
  const name = given.length === 0 ? entry.fn : `${entry.fn}(${given.join(', ')})`;
  // Made when they are bound: a command line asks for few of the fields that there are.
  return called(name, lifetime, () => [
    callNamed({ entry }, inputs),
    ...(older[entry.fn] ?? []).map((old) => callNamed(old, inputs)),
  ]);
}

function called(name: string, lifetime: Lifetime, make: () => readonly Call[]): Probe {
  let calls: readonly Call[] | undefined;
  return {
    name,
    lifetime,
    waits: false,
    calls: () => {
      calls ??= make();
      return calls;
    },
  };
}

/** Lets a probe be asked on a worker thread. */
export const waiting = (probe: Probe): Probe => ({ ...probe, waits: true });

/** Lets a probe be asked on a worker thread while no other call is made about its GPU. */
export const undisturbed = (probe: Probe): Probe => ({ ...waiting(probe), undisturbed: true });

/** A probe that asks nvmlDeviceGetFieldValues for one field id. */
export const field = (id: number, scope = 0, lifetime: Lifetime = 'sample'): Probe => ({
  name: `field ${id}:${scope}`,
  lifetime,
  waits: false,
  calls: () => [],
  field: [id, scope],
});

/** A call that no prototype describes whole: more of its struct is set than fields of its own. */
export const asking = (name: string, call: Call): Probe => called(name, 'sample', () => [call]);
