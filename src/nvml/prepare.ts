/** Makes the arguments of calls from the prototypes of their functions. */
import type { Arg, Out, Preset } from './call.js';
import type { Param, Prototype } from './prototype.js';

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
