/** What MIG's two kinds of instances have in common: profiles to cut by, placements, lists of what exists. */
import type { Handle } from '../nvml/call.js';
import {
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../nvml/generated/constants.js';
import { isTooNew, Missing, type Status } from '../nvml/status.js';
import type { Answer, AnswerView, Reading } from './reading.js';

export interface Placement {
  readonly start: Reading;
  readonly size: Reading;
}

/** A way to cut a GPU, or a GPU instance, and how often it still fits. */
export interface InstanceProfile {
  /** With MIG in front: MIG 1g.10gb+me. */
  readonly name: string;
  readonly id: number;
  readonly slices: Reading;
  readonly free: Reading;
  readonly total: Reading;
  readonly multiprocessors: Reading;
  readonly copyEngines: Reading;
  readonly decoders: Reading;
  readonly encoders: Reading;
  readonly jpegs: Reading;
  readonly ofas: Reading;
}

/** Something that a list is made of could not be read, e.g. for want of rights. */
export class InstanceError extends Error {
  constructor(
    /** Which kind of instances, or of profiles to cut them by. */
    readonly of: 'GPU instances' | 'compute instances',
    readonly status: Status,
  ) {
    super(of);
  }
}

/** What NVML calls the profile; drivers before 515 have no name for it, and leave it to be made of the numbers. */
export const nameOf = (view: AnswerView, otherwise: () => string): string => {
  const name = view.read('name');
  return name === '' || name instanceof Missing ? otherwise() : String(name);
};

const NOT_A_PROFILE: readonly Status[] = [
  NVML_ERROR_NOT_SUPPORTED,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_INVALID_ARGUMENT,
];

/** Whether there is a profile of that kind. Throws InstanceError where that is not known. */
export function isProfile(asked: Answer, of: InstanceError['of']): boolean {
  if (asked.status === 0) return true;
  if (NOT_A_PROFILE.includes(asked.status) || isTooNew(asked.status)) return false;
  throw new InstanceError(of, asked.refusal().status);
}

/** How many instances of a profile still fit. Without MIG mode nothing is taken: 7/7 on the H100 and H200, 580.159.04. */
export const freeOf = (capacity: Reading, total: Reading): Reading =>
  capacity instanceof Missing && (NOT_A_PROFILE.includes(capacity.status) || isTooNew(capacity.status))
    ? total
    : capacity;

/** Throws InstanceError where the places cannot be listed. */
export function placementsOf(asked: Answer, of: InstanceError['of']): readonly Placement[] {
  const items = asked.items();
  if (items instanceof Missing) throw new InstanceError(of, items.status);
  return items.map((item) => ({ start: item.read('start'), size: item.read('size') }));
}

/** The handles of a list; an empty list is an answer, a refusal throws InstanceError. */
export function handlesOf(asked: Answer, of: InstanceError['of']): readonly Handle[] {
  const items = asked.items([NVML_ERROR_NOT_FOUND]);
  if (items instanceof Missing) throw new InstanceError(of, items.status);
  return items.map((item) => item.read('') as Handle);
}

/** What NVML says of an instance. Throws InstanceError where it says nothing. */
export function infoOf(
  asked: Answer,
  of: InstanceError['of'],
): { readonly id: number; readonly placement: Placement } {
  const id = asked.read('id');
  if (id instanceof Missing) throw new InstanceError(of, asked.refusal(id.status).status);
  const placement = { start: asked.read('placement.start'), size: asked.read('placement.size') };
  return { id: Number(id), placement };
}

export const byId = (a: { readonly id: number }, b: { readonly id: number }): number => a.id - b.id;
