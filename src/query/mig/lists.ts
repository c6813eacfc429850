/** Table: the lists of MIG: profiles, placements and instances of GPU instances and of compute instances. */
import { NVML_DEVICE_MIG_ENABLE, NVML_ERROR_NOT_SUPPORTED } from '../../nvml/generated/constants.js';
import { isTooNew, Missing } from '../../nvml/status.js';
import { type Asking, eachOf, together } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { cell, cellText } from '../cell.js';
import { type Field, item, type RecordValues } from '../field.js';
import { gpuField } from '../gpu-fields.js';
import { count, type Kind, number, text, yesNo } from '../kind.js';
import type { Records, Relation } from '../relation.js';
import {
  computeInstancePlacements,
  computeInstanceProfiles,
  computeInstances,
  isDefault,
} from './compute-instances.js';
import {
  type GpuInstance,
  gpuInstancePlacements,
  gpuInstanceProfiles,
  gpuInstances,
} from './gpu-instances.js';
import { InstanceError, type InstanceProfile, type Placement } from './instances.js';

/** Whether an instance with a number is meant. */
export type IsWanted = (which: 'gpu_instance_id' | 'compute_instance_id', id: number) => boolean;

export interface MigRelation extends Relation {
  readonly find: NonNullable<Relation['find']>;
  /** What must have been created for it to have records. */
  readonly needs: 'profiles' | 'GPU instances' | 'compute instances';
  /** The records of a GPU with MIG. Throws InstanceError. */
  readonly records: (gpu: Subject, isWanted: IsWanted) => Asking<readonly RecordValues[]>;
}

const migList = (list: Omit<MigRelation, 'find'>): MigRelation => ({
  ...list,
  *find(gpu): Asking<Records> {
    const mode = yield* gpuField('mig.mode.current', gpu);
    if (mode instanceof Missing) {
      return mode.status === NVML_ERROR_NOT_SUPPORTED || isTooNew(mode.status) ? [] : mode;
    }
    // Profiles are there before MIG is switched on.
    if (list.needs !== 'profiles' && Number(mode) !== NVML_DEVICE_MIG_ENABLE) return [];
    try {
      return (yield* list.records(gpu, () => true)).map((values) => ({ values }));
    } catch (error) {
      if (!(error instanceof InstanceError)) throw error;
      return Missing.of(error.status);
    }
  },
});

const field = (name: string, help: string, kind: Kind = count): Field => ({
  names: [name],
  help,
  kind,
  source: item(name),
});

const gpuInstanceNumber = field('gpu_instance_id', 'Number of the GPU instance.');
const profileName = field('profile', 'Profile name in NVML: MIG 1g.10gb+me.', text);
const profileNumber = field('profile_id', 'Number of the profile.');
const capacity = [
  field('free', 'Number of instances of the profile that still fit.'),
  field('total', 'Maximum number of instances of the profile.'),
];
const engines = [
  field('multiprocessors', 'Number of SMs.'),
  field('decoders', 'Number of video decoders.'),
  field('encoders', 'Number of video encoders.'),
  field('copy_engines', 'Number of copy engines.'),
  field('jpegs', 'Number of JPEG decoders.'),
  field('ofas', 'Number of optical flow engines.'),
];
const places = [
  field('starts', 'Memory slices at which an instance may start, separated by commas.', text),
  field('size', 'Number of memory slices of the instance.'),
];
const place = [
  field('start', 'First memory slice of the instance.'),
  field('size', 'Number of memory slices of the instance.'),
];

const profileValues = (profile: InstanceProfile): RecordValues => ({
  profile: profile.name,
  profile_id: profile.id,
  free: profile.free,
  total: profile.total,
  multiprocessors: profile.multiprocessors,
  decoders: profile.decoders,
  encoders: profile.encoders,
  copy_engines: profile.copyEngines,
  jpegs: profile.jpegs,
  ofas: profile.ofas,
});

const placesValues = (id: number, placements: readonly Placement[]): RecordValues => ({
  profile_id: id,
  starts: placements.map(({ start }) => cellText(cell(count, start))).join(','),
  size: placements[0]?.size ?? 0,
});

export function* wantedInstances(gpu: Subject, isWanted: IsWanted): Asking<readonly GpuInstance[]> {
  return (yield* gpuInstances(gpu)).filter(({ id }) => isWanted('gpu_instance_id', id));
}

/** Records of each GPU instance that is meant. */
function* ofInstances(
  gpu: Subject,
  isWanted: IsWanted,
  records: (gi: GpuInstance) => Asking<readonly RecordValues[]>,
): Asking<readonly RecordValues[]> {
  return yield* eachOf(yield* wantedInstances(gpu, isWanted), function* (gi) {
    return (yield* records(gi)).map((values) => ({ gpu_instance_id: gi.id, ...values }));
  });
}

export const gpuInstanceProfileList = migList({
  name: 'gpu_instance_profiles',
  record: 'a GPU instance profile of a GPU',
  needs: 'profiles',
  fields: [
    profileName,
    profileNumber,
    ...capacity,
    field('memory.total', 'Memory of an instance.', number('MiB', { unit: 'bytes', times: 2 ** 20 })),
    field('p2p', 'Whether instances can access other GPUs (P2P).', yesNo),
    ...engines,
  ],
  *records(gpu) {
    return (yield* gpuInstanceProfiles(gpu)).map((profile) => ({
      ...profileValues(profile),
      'memory.total': profile.memoryMebibytes,
      p2p: profile.peerToPeer,
    }));
  },
});

export const gpuInstancePlacementList = migList({
  name: 'gpu_instance_placements',
  record: 'a GPU instance profile, with the possible placements of its instances',
  needs: 'profiles',
  fields: [profileNumber, ...places],
  *records(gpu) {
    return yield* together(
      (yield* gpuInstanceProfiles(gpu)).map(function* (profile) {
        return placesValues(profile.id, yield* gpuInstancePlacements(gpu, profile));
      }),
    );
  },
});

export const gpuInstanceList = migList({
  name: 'gpu_instances',
  record: 'a GPU instance',
  needs: 'GPU instances',
  fields: [profileName, profileNumber, gpuInstanceNumber, ...place],
  *records(gpu, isWanted) {
    return (yield* wantedInstances(gpu, isWanted)).map((gi) => ({
      profile: gi.profile.name,
      profile_id: gi.profile.id,
      gpu_instance_id: gi.id,
      start: gi.placement.start,
      size: gi.placement.size,
    }));
  },
});

export const computeInstanceProfileList = migList({
  name: 'compute_instance_profiles',
  record: 'a compute instance profile of a GPU instance',
  needs: 'GPU instances',
  fields: [
    gpuInstanceNumber,
    profileName,
    profileNumber,
    field('default', 'Whether the compute instance uses all of the GPU instance.', yesNo),
    ...capacity,
    ...engines,
  ],
  records: (gpu, isWanted) =>
    ofInstances(gpu, isWanted, function* (gi) {
      return (yield* computeInstanceProfiles(gi)).map((profile) => ({
        ...profileValues(profile),
        default: Number(isDefault(profile, gi)),
      }));
    }),
});

export const computeInstancePlacementList = migList({
  name: 'compute_instance_placements',
  record: 'a compute instance profile of a GPU instance, with the possible placements of its instances',
  needs: 'GPU instances',
  fields: [gpuInstanceNumber, profileNumber, ...places],
  records: (gpu, isWanted) =>
    ofInstances(gpu, isWanted, function* (gi) {
      return yield* together(
        (yield* computeInstanceProfiles(gi)).map(function* (profile) {
          return placesValues(profile.id, yield* computeInstancePlacements(gi, profile));
        }),
      );
    }),
});

export const computeInstanceList = migList({
  name: 'compute_instances',
  record: 'a compute instance',
  needs: 'compute instances',
  fields: [
    gpuInstanceNumber,
    profileName,
    profileNumber,
    field('compute_instance_id', 'Number of the compute instance in its GPU instance.'),
    ...place,
  ],
  records: (gpu, isWanted) =>
    ofInstances(gpu, isWanted, function* (gi) {
      return (yield* computeInstances(gi))
        .filter(({ id }) => isWanted('compute_instance_id', id))
        .map((ci) => ({
          profile: ci.profile.name,
          profile_id: ci.profile.id,
          compute_instance_id: ci.id,
          start: ci.placement.start,
          size: ci.placement.size,
        }));
    }),
});
