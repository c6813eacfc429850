/** Makes calls from the prototypes of their functions, and from what the functions are given. */
import { type Arg, type Call, type Handle, type Out, type Preset, SUBJECT } from './call.js';
import type { Entry, InputName, Older } from './entry.js';
import type { Param, Prototype } from './prototype.js';

type InputValue = number | string | Handle;
export type Inputs = Readonly<Record<string, InputValue | undefined>>;

/** What a function is given, by the names of its parameters and of the fields of its structs that say what is asked. */
export type InputsOf<E extends Entry> = { readonly [Name in InputName<E>]?: InputValue };

/** The call of a function. Its first handle is the subject that it is asked about, where it is not given. */
export const callOf = <const E extends Entry>(entry: E, inputs?: InputsOf<E>): Call =>
  callNamed({ entry }, inputs ?? {});

/**
 * The same for a function that answers in place of another. An input that it does not take is left out. Throws where one is
 * missing: a mistake of the caller.
 */
export function callNamed({ entry, as }: Older, inputs: Inputs): Call {
  const subject = entry.params.find(([role]) => role === 'handle');
  const value = (param: Param): InputValue | typeof SUBJECT => {
    const given = inputs[param[1]];
    if (given !== undefined) return given;
    if (param === subject) return SUBJECT;
    throw new Error(`${entry.fn} is not given ${param[1]}`);
  };
  const args = argsOf(entry.params, value, (param) => presetOf(param, inputs));
  return { fn: entry.fn, args: as === undefined ? args : args.map((arg) => renamed(arg, as)) };
}

/** The call of a function that is asked about a subject, with an argument that its prototype does not describe whole. */
export const callWith = ({ fn }: Entry, argument: Out): Call => ({ fn, args: [SUBJECT, argument] });

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

/** The output of a parameter, or undefined where it takes an argument. `set` fills a struct's fields. */
export function outOf(param: Param, set: Preset = {}): Out | undefined {
  switch (param[0]) {
    case 'out':
      return { out: 'scalar', name: param[1], type: param[2] };
    case 'given':
      return givenScalar(param, set);
    case 'struct': {
      const [, , layout, { version, role, array, room } = {}] = param;
      return {
        out: 'struct',
        layout,
        set: { ...(version === undefined ? {} : { version }), ...set },
        ...(role === 'in' ? { given: true as const } : {}),
        ...(array === undefined ? {} : { array }),
        ...(room === undefined ? {} : { room }),
      };
    }
    case 'text': {
      const [, , length, lengthBy] = param;
      return { out: 'text', length, ...(lengthBy === undefined ? {} : { lengthBy }) };
    }
    case 'list': {
      const [, , item, { room, arrayFirst, beside, countFirst }] = param;
      return {
        out: 'list',
        item,
        capacity: room,
        ...(arrayFirst === undefined ? {} : { arrayFirst }),
        ...(beside === undefined ? {} : { beside: true as const }),
        ...(countFirst === undefined ? {} : { countFirst }),
      };
    }
    case 'sized':
      return { out: 'sized', item: param[2], length: param[3] };
    case 'words':
      return { out: 'words', length: param[2] };
    default:
      return undefined;
  }
}

/** A scalar that is read through a pointer is passed as a struct of one field. */
function givenScalar([, name, type]: Extract<Param, readonly ['given', ...unknown[]]>, set: Preset): Out {
  return { out: 'struct', layout: { size: 8, fields: { [name]: [type, 0] } }, set, given: true };
}

/** The arguments of a call, where `value` gives the value of each parameter that takes one. */
export function argsOf(
  prototype: Prototype,
  value: (param: Param) => Exclude<Arg, Out>,
  set: (param: Param) => Preset = () => ({}),
): Arg[] {
  return prototype.map((param) => {
    if (param[0] === 'fixed') return param[2];
    return outOf(param, set(param)) ?? value(param);
  });
}
