/** MIG: the profiles that a GPU can be cut by, and its GPU instances. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetGpuInstancePossiblePlacements_v2,
  nvmlDeviceGetGpuInstanceProfileInfoV,
  nvmlDeviceGetGpuInstanceRemainingCapacity,
  nvmlDeviceGetGpuInstances,
  nvmlGpuInstanceGetInfo,
} from '../../nvml/generated/entries.js';
import { type Asking, eachOf } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { derive } from '../derive.js';
import { fixed, sample } from '../probe.js';
import type { Reading } from '../reading.js';
import {
  type InstanceKind,
  type InstanceProfile,
  instancesIn,
  type PlacedInstance,
  type Placement,
  placementsIn,
  profilesIn,
} from './instances.js';

/**
 * In the order of nvidia-smi: by slices, variants after the plain one. Seen on the H100 and H200 (580.159.04: 1g,
 * 1g+me, twice the memory, 2g, 3g, 4g, 7g) and on an RTX PRO 6000 (580: plain, +me, +gfx, +me.all, -me).
 */
const GPU_INSTANCE_PROFILES: readonly number[] = [
  nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE,
  nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE_REV1,
  nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE_REV2,
  nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE_GFX,
  nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE_ALL_ME,
  nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE_NO_ME,
  nvml.NVML_GPU_INSTANCE_PROFILE_2_SLICE,
  nvml.NVML_GPU_INSTANCE_PROFILE_2_SLICE_REV1,
  nvml.NVML_GPU_INSTANCE_PROFILE_2_SLICE_GFX,
  nvml.NVML_GPU_INSTANCE_PROFILE_2_SLICE_ALL_ME,
  nvml.NVML_GPU_INSTANCE_PROFILE_2_SLICE_NO_ME,
  nvml.NVML_GPU_INSTANCE_PROFILE_3_SLICE,
  nvml.NVML_GPU_INSTANCE_PROFILE_3_SLICE_GFX,
  nvml.NVML_GPU_INSTANCE_PROFILE_4_SLICE,
  nvml.NVML_GPU_INSTANCE_PROFILE_4_SLICE_GFX,
  nvml.NVML_GPU_INSTANCE_PROFILE_6_SLICE,
  nvml.NVML_GPU_INSTANCE_PROFILE_7_SLICE,
  nvml.NVML_GPU_INSTANCE_PROFILE_8_SLICE,
];

const KIND: InstanceKind = {
  of: 'GPU instances',
  profiles: GPU_INSTANCE_PROFILES,
  profile: (profile) => fixed(nvmlDeviceGetGpuInstanceProfileInfoV, { profile }),
  capacity: (profileId) => sample(nvmlDeviceGetGpuInstanceRemainingCapacity, { profileId }),
  placements: (profileId) => fixed(nvmlDeviceGetGpuInstancePossiblePlacements_v2, { profileId }),
  handles: (profileId) => sample(nvmlDeviceGetGpuInstances, { profileId }),
  info: sample(nvmlGpuInstanceGetInfo),
  engines: {
    copyEngines: 'copyEngineCount',
    decoders: 'decoderCount',
    encoders: 'encoderCount',
    jpegs: 'jpegCount',
    ofas: 'ofaCount',
  },
};

export interface GpuInstanceProfile extends InstanceProfile {
  readonly memoryMebibytes: Reading;
  readonly peerToPeer: Reading;
}

export type GpuInstance = PlacedInstance<GpuInstanceProfile>;

const gigabytes = (mebibytes: Reading): Reading => derive([mebibytes], (mib) => Math.round(mib / 1024));

/** Profiles that the GPU can be cut by; none where it has no MIG. MIG need not be switched on. Throws InstanceError. */
export const gpuInstanceProfiles = (gpu: Subject): Asking<readonly GpuInstanceProfile[]> =>
  profilesIn(KIND, gpu, (profile, view) => {
    const memoryMebibytes = view.read('memorySizeMB');
    return {
      ...profile,
      name: profile.name || `MIG ${profile.slices}g.${gigabytes(memoryMebibytes)}gb`,
      memoryMebibytes,
      peerToPeer: view.read('isP2pSupported'),
    };
  });

/** Where a profile's instances can lie on the GPU. Throws InstanceError. */
export const gpuInstancePlacements = (
  gpu: Subject,
  profile: GpuInstanceProfile,
): Asking<readonly Placement[]> => placementsIn(KIND, gpu, profile);

/** GPU instances by profile, then by id. Throws InstanceError where the driver refuses to list them. */
export function* gpuInstances(gpu: Subject): Asking<readonly GpuInstance[]> {
  return yield* eachOf(yield* gpuInstanceProfiles(gpu), (profile) => instancesIn(KIND, gpu, profile));
}
