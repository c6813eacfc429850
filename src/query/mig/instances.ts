/** What MIG's two kinds of instances have in common: profiles to cut by, placements, lists of what exists. */
import type { Handle } from '../../nvml/call.js';
import {
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../../nvml/generated/constants.js';
import { isTooNew, Missing, type Status } from '../../nvml/status.js';
import { type Asking, ask, askAll, eachOf, readOne } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import type { Probe } from '../probe.js';
import type { Answer, AnswerView, Reading } from '../reading.js';

export interface Placement {
  readonly start: Reading;
  readonly size: Reading;
}

/** A way to cut a GPU, or a GPU instance, and how often it still fits. */
export interface InstanceProfile {
  /** With MIG in front: MIG 1g.10gb+me. Where NVML has no name it is made of the numbers. */
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

/** Something that a list is made of could not be read, e.g. for lack of permission. */
export class InstanceError extends Error {
  constructor(
    /** Which kind of instances, or of profiles to cut them by. */
    readonly of: 'GPU instances' | 'compute instances',
    readonly status: Status,
  ) {
    super(of);
  }
}

/** What NVML calls the profile; empty where a driver before 515 has no name for it. */
const nameOf = (view: AnswerView): string => {
  const name = view.read('name');
  return name instanceof Missing ? '' : String(name);
};

const NOT_A_PROFILE: readonly Status[] = [
  NVML_ERROR_NOT_SUPPORTED,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_INVALID_ARGUMENT,
];

/** How NVML is asked about one kind of instances: of a GPU, or of a GPU instance. */
export interface InstanceKind {
  readonly of: InstanceError['of'];
  /** NVML's numbers of the profiles that there can be, in the order of nvidia-smi. */
  readonly profiles: readonly number[];
  readonly profile: (profile: number) => Probe;
  readonly capacity: (id: number) => Probe;
  readonly placements: (id: number) => Probe;
  readonly handles: (id: number) => Probe;
  readonly info: Probe;
  /** What its counts of engines are called. */
  readonly engines: Readonly<Record<'copyEngines' | 'decoders' | 'encoders' | 'jpegs' | 'ofas', string>>;
}

/** The profiles that a GPU, or a GPU instance, can be cut by. Throws InstanceError where the driver refuses to say. */
export const profilesIn = <P extends InstanceProfile>(
  kind: InstanceKind,
  subject: Subject,
  more: (profile: InstanceProfile, view: AnswerView) => P,
): Asking<readonly P[]> =>
  eachOf(kind.profiles, function* (number): Asking<readonly P[]> {
    const view = yield* ask(kind.profile(number), subject);
    if (!isProfile(view, kind.of)) return [];
    const id = Number(view.raw('id'));
    const total = view.read('instanceCount');
    const profile: InstanceProfile = {
      name: nameOf(view),
      id,
      slices: view.read('sliceCount'),
      free: freeOf(yield* readOne(kind.capacity(id), subject), total),
      total,
      multiprocessors: view.read('multiprocessorCount'),
      copyEngines: view.read(kind.engines.copyEngines),
      decoders: view.read(kind.engines.decoders),
      encoders: view.read(kind.engines.encoders),
      jpegs: view.read(kind.engines.jpegs),
      ofas: view.read(kind.engines.ofas),
    };
    return [more(profile, view)];
  });

/** Where instances of a profile can lie. Throws InstanceError where the places cannot be listed. */
export function* placementsIn(
  kind: InstanceKind,
  subject: Subject,
  profile: InstanceProfile,
): Asking<readonly Placement[]> {
  const items = (yield* ask(kind.placements(profile.id), subject)).items();
  if (items instanceof Missing) throw new InstanceError(kind.of, items.status);
  return items.map((item) => ({ start: item.read('start'), size: item.read('size') }));
}

/** An instance, and the profile that it is of. */
export interface PlacedInstance<P extends InstanceProfile> extends Subject {
  readonly handle: Handle;
  readonly profile: P;
  readonly id: number;
  readonly placement: Placement;
}

/** The instances of a profile, by id. Throws InstanceError where the driver refuses to list them. */
export function* instancesIn<P extends InstanceProfile>(
  kind: InstanceKind,
  subject: Subject,
  profile: P,
): Asking<readonly PlacedInstance<P>[]> {
  const items = (yield* ask(kind.handles(profile.id), subject)).items([NVML_ERROR_NOT_FOUND]);
  if (items instanceof Missing) throw new InstanceError(kind.of, items.status);
  const found = items.map((item) => ({
    index: subject.index,
    handle: item.read('') as Handle,
    status: 0,
  }));
  const infos = yield* askAll(found.map((one) => ({ probe: kind.info, subject: one })));
  return found
    .map((one, i) => ({ ...one, profile, ...infoOf(infos[i] as Answer, kind.of) }))
    .sort((a, b) => a.id - b.id);
}

/** Whether there is a profile of that number. Throws InstanceError where that is not known. */
function isProfile(asked: Answer, of: InstanceError['of']): boolean {
  if (asked.status === 0) return true;
  if (NOT_A_PROFILE.includes(asked.status) || isTooNew(asked.status)) return false;
  throw new InstanceError(of, asked.refusal().status);
}

/** How many instances of a profile still fit. Without MIG mode nothing is taken: 7/7 on the H100 and H200, 580.159.04. */
const freeOf = (capacity: Reading, total: Reading): Reading =>
  capacity instanceof Missing && (NOT_A_PROFILE.includes(capacity.status) || isTooNew(capacity.status))
    ? total
    : capacity;

/** What NVML says of an instance. Throws InstanceError where it says nothing. */
function infoOf(
  asked: Answer,
  of: InstanceError['of'],
): { readonly id: number; readonly placement: Placement } {
  const id = asked.read('id');
  if (id instanceof Missing) throw new InstanceError(of, asked.refusal(id.status).status);
  const placement = { start: asked.read('placement.start'), size: asked.read('placement.size') };
  return { id: Number(id), placement };
}
