/** What a call has to do with handles, whatever it is about: worked out once. */
import { type Arg, type Call, isOut, type Out } from '../../call.js';

export interface CallShape {
  /** Whether it is given the handle that it is about. */
  readonly takesSubject: boolean;
  /** What may be handles among its other inputs. */
  readonly given: readonly bigint[];
  /** Whether handles are its answer. */
  readonly isForHandles: boolean;
  /** Whether there may be handles in its outputs. */
  readonly givesHandles: boolean;
}

const known = new WeakMap<Call, CallShape>();

export function shapeOf(call: Call): CallShape {
  let shape = known.get(call);
  if (shape === undefined) {
    const outs = call.args.filter((arg) => typeof arg === 'object' && isOut(arg)) as readonly Out[];
    shape = {
      takesSubject: call.args.some((arg) => typeof arg === 'object' && !isOut(arg)),
      given: call.args.flatMap(inputsOf).filter((value) => typeof value === 'bigint'),
      isForHandles: outs.some(isHandle),
      givesHandles: outs.some((out) => isHandle(out) || pointerPlaces(out).length > 0),
    };
    known.set(call, shape);
  }
  return shape;
}

const inputsOf = (arg: Arg): readonly unknown[] => {
  if (typeof arg !== 'object') return [arg];
  return isOut(arg) && arg.out === 'struct' ? Object.values(arg.set ?? {}) : [];
};

export const isHandle = (out: Out): boolean =>
  (out.out === 'scalar' && out.type === 'ptr') || (out.out === 'list' && out.item === 'ptr');

/** Where a struct has pointers, which may be handles. */
export function pointerPlaces(out: Out): readonly number[] {
  if (out.out !== 'struct') return [];
  return Object.values(out.layout.fields).flatMap(([type, at, length]) =>
    type === 'ptr' && length === undefined ? [at] : [],
  );
}
