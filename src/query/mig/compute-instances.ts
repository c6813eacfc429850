/** MIG: the profiles that a GPU instance can be cut by, and the compute instances in it. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlComputeInstanceGetInfo_v2,
  nvmlGpuInstanceGetComputeInstancePossiblePlacements,
  nvmlGpuInstanceGetComputeInstanceProfileInfoV,
  nvmlGpuInstanceGetComputeInstanceRemainingCapacity,
  nvmlGpuInstanceGetComputeInstances,
} from '../../nvml/generated/entries.js';
import { type Asking, eachOf } from '../ask/asking.js';
import { fixed, sample } from '../probe.js';
import type { GpuInstance } from './gpu-instances.js';
import {
  type InstanceKind,
  type InstanceProfile,
  instancesIn,
  type PlacedInstance,
  type Placement,
  placementsIn,
  profilesIn,
} from './instances.js';

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

const KIND: InstanceKind = {
  of: 'compute instances',
  profiles: COMPUTE_INSTANCE_PROFILES,
  profile: (profile) =>
    fixed(nvmlGpuInstanceGetComputeInstanceProfileInfoV, {
      profile,
      engProfile: nvml.NVML_COMPUTE_INSTANCE_ENGINE_PROFILE_SHARED,
    }),
  capacity: (profileId) => sample(nvmlGpuInstanceGetComputeInstanceRemainingCapacity, { profileId }),
  placements: (profileId) => fixed(nvmlGpuInstanceGetComputeInstancePossiblePlacements, { profileId }),
  handles: (profileId) => sample(nvmlGpuInstanceGetComputeInstances, { profileId }),
  info: sample(nvmlComputeInstanceGetInfo_v2),
  engines: {
    copyEngines: 'sharedCopyEngineCount',
    decoders: 'sharedDecoderCount',
    encoders: 'sharedEncoderCount',
    jpegs: 'sharedJpegCount',
    ofas: 'sharedOfaCount',
  },
};

export type ComputeInstance = PlacedInstance<InstanceProfile>;

/** Profiles that a GPU instance can be cut by; the last, as large as the instance, is the default. Throws InstanceError. */
export const computeInstanceProfiles = (gi: GpuInstance): Asking<readonly InstanceProfile[]> =>
  profilesIn(KIND, gi, (profile) => {
    const share = isDefault(profile, gi) ? '' : `${profile.slices}c.`;
    return { ...profile, name: profile.name || `MIG ${share}${gi.profile.name.replace(/^MIG /, '')}` };
  });

/** Whether a compute instance profile takes the whole GPU instance. */
export const isDefault = (profile: InstanceProfile, gi: GpuInstance): boolean =>
  typeof profile.slices === 'number' && profile.slices === gi.profile.slices;

/** Where a profile's compute instances can lie in the GPU instance. Throws InstanceError. */
export const computeInstancePlacements = (
  gi: GpuInstance,
  profile: InstanceProfile,
): Asking<readonly Placement[]> => placementsIn(KIND, gi, profile);

/** Compute instances of a GPU instance by profile, then by id. Throws InstanceError like gpuInstances. */
export function* computeInstances(gi: GpuInstance): Asking<readonly ComputeInstance[]> {
  return yield* eachOf(yield* computeInstanceProfiles(gi), (profile) => instancesIn(KIND, gi, profile));
}
