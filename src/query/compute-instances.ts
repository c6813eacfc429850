/** MIG: the profiles that a GPU instance can be cut by, and the compute instances in it. */

import type { Handle } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlComputeInstanceGetInfo_v2,
  nvmlGpuInstanceGetComputeInstancePossiblePlacements,
  nvmlGpuInstanceGetComputeInstanceProfileInfoV,
  nvmlGpuInstanceGetComputeInstanceRemainingCapacity,
  nvmlGpuInstanceGetComputeInstances,
} from '../nvml/generated/entries.js';
import { type Asking, ask, askAll, eachOf, readOne } from './ask/asking.js';
import type { GpuInstance } from './gpu-instances.js';
import {
  byId,
  freeOf,
  handlesOf,
  type InstanceProfile,
  infoOf,
  isProfile,
  nameOf,
  type Placement,
  placementsOf,
} from './mig-instances.js';
import { fixed, type Probe, sample } from './probe.js';

/** By slices, as seen on an A100 (580.126.09: 1c.4g, 2c.4g, 4g). */
const COMPUTE_INSTANCE_PROFILES: readonly number[] = [
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_1_SLICE,
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_1_SLICE_REV1,
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_2_SLICE,
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_3_SLICE,
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_4_SLICE,
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_6_SLICE,
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_7_SLICE,
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_7_SLICE_NVL,
  nvml.NVML_COMPUTE_INSTANCE_PROFILE_8_SLICE,
];

const computeProfile = (profile: number): Probe =>
  fixed(nvmlGpuInstanceGetComputeInstanceProfileInfoV, {
    profile,
    engProfile: nvml.NVML_COMPUTE_INSTANCE_ENGINE_PROFILE_SHARED,
  });
const computeCapacity = (id: number): Probe =>
  sample(nvmlGpuInstanceGetComputeInstanceRemainingCapacity, { profileId: id });
const computePlacements = (id: number): Probe =>
  fixed(nvmlGpuInstanceGetComputeInstancePossiblePlacements, { profileId: id });
const computeInstanceHandles = (id: number): Probe =>
  sample(nvmlGpuInstanceGetComputeInstances, { profileId: id });
const computeInstanceInfo = sample(nvmlComputeInstanceGetInfo_v2);

export interface ComputeInstance {
  readonly handle: Handle;
  readonly profile: InstanceProfile;
  readonly id: number;
  readonly placement: Placement;
}

/** Profiles that a GPU instance can be cut by; the last, as large as the instance, is the default. Throws InstanceError. */
export const computeInstanceProfiles = (gi: GpuInstance): Asking<readonly InstanceProfile[]> =>
  eachOf(COMPUTE_INSTANCE_PROFILES, (profile) => profileOf(profile, gi));

/** The profile of a number, where the GPU instance has it. */
function* profileOf(profile: number, gi: GpuInstance): Asking<readonly InstanceProfile[]> {
  const view = yield* ask(computeProfile(profile), gi);
  if (!isProfile(view, 'compute instances')) return [];
  const id = Number(view.raw('id'));
  const slices = view.read('sliceCount');
  const total = view.read('instanceCount');
  const whole = gi.profile.name.replace(/^MIG /, '');
  return [
    {
      name: nameOf(view, () => `MIG ${slices === gi.profile.slices ? '' : `${slices}c.`}${whole}`),
      id,
      slices,
      free: freeOf(yield* readOne(computeCapacity(id), gi), total),
      total,
      multiprocessors: view.read('multiprocessorCount'),
      copyEngines: view.read('sharedCopyEngineCount'),
      decoders: view.read('sharedDecoderCount'),
      encoders: view.read('sharedEncoderCount'),
      jpegs: view.read('sharedJpegCount'),
      ofas: view.read('sharedOfaCount'),
    },
  ];
}

/** Whether a compute instance profile takes the whole GPU instance. */
export const isDefault = (profile: InstanceProfile, gi: GpuInstance): boolean =>
  typeof profile.slices === 'number' && profile.slices === gi.profile.slices;

/** Where a profile's compute instances can lie in the GPU instance. */
export function* computeInstancePlacements(
  gi: GpuInstance,
  profile: InstanceProfile,
): Asking<readonly Placement[]> {
  return placementsOf(yield* ask(computePlacements(profile.id), gi), 'compute instances');
}

/** Compute instances of a GPU instance by profile, then by id. Throws InstanceError like gpuInstances. */
export function* computeInstances(gi: GpuInstance): Asking<readonly ComputeInstance[]> {
  return yield* eachOf(yield* computeInstanceProfiles(gi), (profile) => instancesOf(profile, gi));
}

function* instancesOf(profile: InstanceProfile, gi: GpuInstance): Asking<readonly ComputeInstance[]> {
  const handles = handlesOf(yield* ask(computeInstanceHandles(profile.id), gi), 'compute instances');
  const infos = yield* askAll(
    handles.map((handle) => ({
      probe: computeInstanceInfo,
      subject: { index: gi.index, handle, status: 0 },
    })),
  );
  return infos
    .map((info, i) => ({
      handle: handles[i] as Handle,
      profile,
      ...infoOf(info, 'compute instances'),
    }))
    .sort(byId);
}
