/** What MIG's two kinds of instances have in common: profiles to cut by, placements, lists of what exists. */
import type { Handle, Out } from '../nvml/call.js';
import { NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import type { Layout, ScalarType } from '../nvml/layout.js';
import type { Status } from '../nvml/status.js';
import type { BoundProbe, View } from './bound-probe.js';

/** MIG's lists come with the array before its count. */
export const backwards = (item: Layout | ScalarType): Out => ({
  out: 'list',
  item,
  capacity: 32,
  arrayFirst: true,
});

export interface Placement {
  readonly start: number;
  readonly size: number;
}

/** A way to cut a GPU, or a GPU instance, and how often it still fits. */
export interface InstanceProfile {
  /** With MIG in front: MIG 1g.10gb+me. */
  readonly name: string;
  readonly id: number;
  readonly slices: number;
  readonly free: number;
  readonly total: number;
  readonly multiprocessors: number;
  readonly copyEngines: number;
  readonly decoders: number;
  readonly encoders: number;
  readonly jpegs: number;
  readonly ofas: number;
}

/** The list could not be read, e.g. for want of rights. */
export class InstanceError extends Error {
  constructor(
    readonly what: 'GPU instances' | 'compute instances',
    readonly status: Status,
  ) {
    super(what);
  }
}

/** What NVML calls the profile; drivers before 515 have no name for it, and leave it to be made of the numbers. */
export const nameOf = (view: View, otherwise: () => string): string => {
  const name = view.text('name');
  return name === '' ? otherwise() : name;
};

export const placementsOf = (asked: BoundProbe): readonly Placement[] =>
  asked.items().map((item) => ({ start: item.number('start'), size: item.number('size') }));

/** The handles of a list; an empty list is an answer, a refusal throws InstanceError. */
export function handlesOf(asked: BoundProbe, what: InstanceError['what']): readonly Handle[] {
  if (asked.status !== 0 && asked.status !== NVML_ERROR_NOT_FOUND) {
    throw new InstanceError(what, asked.status);
  }
  return asked.items().map((item) => item.read('') as Handle);
}

export const placement = (view: View): Placement => ({
  start: view.number('placement.start'),
  size: view.number('placement.size'),
});

export const byId = (a: { readonly id: number }, b: { readonly id: number }): number => a.id - b.id;
