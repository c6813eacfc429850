/** A call as text for another process: with that process's pointers, and of the layouts only what a call needs. */
import { type Call, isOut, type Out, type Preset } from '../../call.js';
import type { Layout, ScalarType } from '../../layout.js';

/** Turns a handle into its pointer; what is no handle stays. */
type Translate = (value: bigint) => bigint;

export function textOf({ fn, args }: Call, translate: Translate): string {
  const sent = args.map((arg) => (typeof arg === 'object' && isOut(arg) ? sentOut(arg) : arg));
  return JSON.stringify({ fn, args: sent }, (_, value) =>
    typeof value === 'bigint' ? { bigint: String(translate(value)) } : value,
  );
}

export const callIn = (text: string): Call =>
  JSON.parse(text, (_, value) => (value?.bigint === undefined ? value : BigInt(value.bigint)));

function sentOut(out: Out): Out {
  if (out.out === 'list') {
    return { ...out, item: reduced(out.item, Object.keys(out.set ?? {})) };
  }
  if (out.out !== 'struct') return out;
  const { layout, set = {}, array } = out;
  const names = array === undefined ? [] : [array.field, array.count, array.filled ?? array.count];
  return {
    ...out,
    layout: reduced(layout, [...names, ...Object.keys(set)]),
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
