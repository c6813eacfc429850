/**
 * A probe: one NVML function with its inputs, as the prototypes declare them, and how often it is asked. Fields whose probes
 * have the same function and inputs share one call.
 */
import { type Arg, type Call, type FieldId, type Handle, type Preset, SUBJECT } from '../nvml/call.js';
import type { Entry, InputName, Older } from '../nvml/entry.js';
import { older } from '../nvml/generated/older.js';
import { argsOf } from '../nvml/prepare.js';
import type { Param } from '../nvml/prototype.js';

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

type InputValue = number | string | Handle;
type Inputs = Readonly<Record<string, InputValue | undefined>>;

/** What a function is given, by the names of its parameters and of the fields of its structs that say what is asked. */
export type InputsOf<E extends Entry> = { readonly [Name in InputName<E>]?: InputValue };

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
    callOf({ entry }, inputs),
    ...(older[entry.fn] ?? []).map((old) => callOf(old, inputs)),
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

/** The call of a function. An input that it does not take is left out. Throws where one is missing: a mistake of the caller. */
function callOf({ entry, as }: Older, inputs: Inputs): Call {
  const subject = entry.params.find(([role]) => role === 'handle');
  const value = (param: Param): InputValue | typeof SUBJECT => {
    if (param === subject) return SUBJECT;
    const given = inputs[param[1]];
    if (given === undefined) throw new Error(`${entry.fn} is not given ${param[1]}`);
    return given;
  };
  const args = argsOf(entry.params, value, (param) => presetOf(param, inputs));
  return { fn: entry.fn, args: as === undefined ? args : args.map((arg) => renamed(arg, as)) };
}

/** The fields that say what is asked, in the order of the struct: in a recording they distinguish one question from another. */
function presetOf(param: Param, inputs: Inputs): Preset {
  if (param[0] === 'given') return { [param[1]]: inputs[param[1]] as InputValue };
  if (param[0] !== 'struct' || param[3]?.role === undefined) return {};
  const { select = Object.keys(param[2].fields) } = param[3];
  const given = select.flatMap((name): [string, InputValue][] => {
    const value = inputs[name];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given);
}

function renamed(arg: Arg, as: Readonly<Record<string, string>>): Arg {
  if (typeof arg !== 'object' || !('out' in arg) || arg.out !== 'scalar') return arg;
  return { ...arg, name: as[arg.name] ?? arg.name };
}

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
  calls: () => [],
  field: [id, scope],
});

/** A call that no prototype describes whole: more of its struct is set than fields of its own. */
export const asking = (name: string, call: Call): Probe => called(name, 'sample', () => [call]);
