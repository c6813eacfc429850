/** A call for another process: with that process's pointers, and of the layouts only what a call needs. */
import { type Arg, type Call, isOut, type Out, type Preset } from '../../call.js';
import type { Layout, ScalarType } from '../../layout.js';

/** Turns a handle into its pointer; what is no handle stays. */
type Translate = (value: bigint) => bigint;

export function sentCall({ fn, args }: Call, translate: Translate): Call {
  return { fn, args: args.map((arg) => sentArg(arg, translate)) };
}

function sentArg(arg: Arg, translate: Translate): Arg {
  if (typeof arg === 'bigint') return translate(arg) as typeof arg;
  if (typeof arg !== 'object' || !isOut(arg)) return arg;
  return sentOut(arg, translate);
}

function sentOut(out: Out, translate: Translate): Out {
  if (out.out === 'list') {
    return { ...out, item: reduced(out.item, Object.keys(out.set ?? {})) };
  }
  if (out.out !== 'struct') return out;
  const { layout, set = {}, array } = out;
  const names = array === undefined ? [] : [array.field, array.count, array.filled ?? array.count];
  return {
    ...out,
    layout: reduced(layout, [...names, ...Object.keys(set)]),
    set: Object.fromEntries(
      Object.entries(set).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? translate(value) : value,
      ]),
    ),
    ...(array === undefined
      ? {}
      : { array: { ...array, item: reduced(array.item, presetNames(array.set ?? [])) } }),
  };
}

const presetNames = (sets: readonly Preset[]): readonly string[] => sets.flatMap((set) => Object.keys(set));

/** The fields of these paths alone. */
function reduced<L extends Layout | ScalarType>(layout: L, paths: readonly string[]): L;
function reduced(layout: Layout | ScalarType, paths: readonly string[]): Layout | ScalarType {
  if (typeof layout === 'string') return layout;
  const names = new Set(paths.map((path) => path.split('.', 1)[0] as string));
  const fields = Object.fromEntries(
    [...names].flatMap((name) => {
      const field = layout.fields[name];
      return field === undefined ? [] : [[name, field] as const];
    }),
  );
  return { size: layout.size, fields };
}
