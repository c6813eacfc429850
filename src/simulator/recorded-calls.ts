/** Which calls a recorded machine answers: each function's prototype, filled in from the key of an answer. */

import { type Arg, type Call, type Handle, isOut, type Out, type Preset } from '../nvml/call.js';
import { argsOf } from '../nvml/call-of.js';
import * as constants from '../nvml/generated/constants.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import * as layouts from '../nvml/generated/layouts.js';
import { prototypes } from '../nvml/generated/prototypes.js';
import type { Layout } from '../nvml/layout.js';
import type { Param } from '../nvml/prototype.js';
import type { Json } from '../snapshot/answer.js';
import type { Calls } from '../snapshot/snapshot-ticks.js';

export function recordedCalls(calls: Calls, handleOf: (name: string) => Handle): readonly Call[] {
  return Object.entries(calls).flatMap(([name, answers]) => {
    if (!(name in prototypes) || name === 'nvmlDeviceGetFieldValues') return [];
    const fn = name as FunctionName;
    return Object.entries(answers).map(([key, answer]) => {
      const args = recordedArgs(fn, key, handleOf);
      return { fn, args: args.map((arg) => ofVersion(arg, versionIn(answer))) };
    });
  });
}

/** The version of a struct that was recorded. Some functions leave 0 in its place. */
function versionIn(answer: Json): number {
  const version = typeof answer === 'object' && answer !== null && 'version' in answer ? answer.version : 0;
  return typeof version === 'number' ? version : 0;
}

const LAYOUTS: Readonly<Record<string, unknown>> = { ...layouts };

/** An older driver answers an older version of a struct than the prototype says. */
function ofVersion(arg: Arg, version: number): Arg {
  if (typeof arg !== 'object' || !isOut(arg) || arg.out !== 'struct' || version === 0) return arg;
  if (arg.set?.version === version) return arg;
  // A layout may have a second name, without a version.
  const families = Object.keys(LAYOUTS)
    .filter((name) => LAYOUTS[name] === arg.layout)
    .map(familyOf);
  const name = Object.entries(constants).find(
    ([known, value]) => value === version && families.includes(familyOf(`${known}_t`)),
  )?.[0];
  const layout = LAYOUTS[`${name}_t`] as Layout | undefined;
  return layout === undefined ? arg : { ...arg, layout, set: { ...arg.set, version } };
}

const familyOf = (layout: string): string => layout.replace(/_v\d+_t$/, '');

/** Reads a key from left to right, as answerKey wrote it. */
function recordedArgs(fn: FunctionName, key: string, handleOf: (name: string) => Handle): Arg[] {
  const parts = key === '' ? [] : key.split(',');
  const value = (param: Param): Exclude<Arg, Out> => {
    const part = parts.shift() ?? '';
    if (param[0] === 'handle') return handleOf(part);
    return param[0] === 'string' ? part : Number(part);
  };
  const set = (): Preset => {
    const preset: Record<string, number | string> = {};
    for (let part = parts[0]; part?.includes('=') === true; part = parts[0]) {
      const [name = '', text = ''] = part.split(/=(.*)/s, 2);
      preset[name] = /^-?\d+$/.test(text) ? Number(text) : text;
      parts.shift();
    }
    return preset;
  };
  return argsOf(prototypes[fn], value, (param) =>
    param[0] === 'struct' || param[0] === 'given' ? set() : {},
  );
}
