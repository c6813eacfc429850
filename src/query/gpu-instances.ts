/** MIG: the profiles that a GPU can be cut by, and its GPU instances. */

import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetGpuInstancePossiblePlacements_v2,
  nvmlDeviceGetGpuInstanceProfileInfoV,
  nvmlDeviceGetGpuInstanceRemainingCapacity,
  nvmlDeviceGetGpuInstances,
  nvmlGpuInstanceGetInfo,
} from '../nvml/generated/entries.js';
import type { Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import {
  byId,
  handlesOf,
  type InstanceProfile,
  nameOf,
  type Placement,
  placement,
  placementsOf,
} from './mig-instances.js';
import type { Subject } from './plan.js';
import { fixed, type Probe, sample } from './probe.js';
import { askProbe } from './read.js';

/**
 * In the order of nvidia-smi: by slices, variants behind the plain one. Seen on the H100 and H200 (580.159.04: 1g,
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

const gpuProfile = (profile: number): Probe => fixed(nvmlDeviceGetGpuInstanceProfileInfoV, { profile });
const gpuCapacity = (id: number): Probe =>
  sample(nvmlDeviceGetGpuInstanceRemainingCapacity, { profileId: id });
const gpuPlacements = (id: number): Probe =>
  fixed(nvmlDeviceGetGpuInstancePossiblePlacements_v2, { profileId: id });
const gpuInstanceHandles = (id: number): Probe => sample(nvmlDeviceGetGpuInstances, { profileId: id });
const gpuInstanceInfo = sample(nvmlGpuInstanceGetInfo);
export interface GpuInstanceProfile extends InstanceProfile {
  readonly memoryMebibytes: number;
  readonly peerToPeer: boolean;
}

export interface GpuInstance extends Subject {
  readonly profile: GpuInstanceProfile;
  readonly id: number;
  readonly placement: Placement;
}

const gigabytes = (mebibytes: number): number => Math.round(mebibytes / 1024);

/** Profiles that the GPU can be cut by; none where it has no MIG. MIG need not be switched on. */
export function gpuInstanceProfiles(session: Session, gpu: Subject): readonly GpuInstanceProfile[] {
  return GPU_INSTANCE_PROFILES.flatMap((profile) => {
    const view = askProbe(session, gpuProfile(profile), gpu);
    if (view.status !== 0) return [];
    const id = view.number('id');
    const total = view.number('instanceCount');
    const memoryMebibytes = view.number('memorySizeMB');
    const capacity = askProbe(session, gpuCapacity(id), gpu).read('value');
    return {
      name: nameOf(view, () => `MIG ${view.number('sliceCount')}g.${gigabytes(memoryMebibytes)}gb`),
      id,
      slices: view.number('sliceCount'),
      // Without MIG mode nothing is taken: 7/7 on the H100 and H200, 580.159.04.
      free: capacity instanceof Missing ? total : Number(capacity),
      total,
      memoryMebibytes,
      peerToPeer: view.number('isP2pSupported') !== 0,
      multiprocessors: view.number('multiprocessorCount'),
      copyEngines: view.number('copyEngineCount'),
      decoders: view.number('decoderCount'),
      encoders: view.number('encoderCount'),
      jpegs: view.number('jpegCount'),
      ofas: view.number('ofaCount'),
    };
  });
}

/** Where a profile's instances can lie on the GPU. */
export const gpuInstancePlacements = (
  session: Session,
  gpu: Subject,
  profile: GpuInstanceProfile,
): readonly Placement[] => placementsOf(askProbe(session, gpuPlacements(profile.id), gpu));

/** GPU instances by profile, then by id. Throws InstanceError where the driver refuses to list them. */
export function gpuInstances(session: Session, gpu: Subject): readonly GpuInstance[] {
  return gpuInstanceProfiles(session, gpu).flatMap((profile) =>
    handlesOf(askProbe(session, gpuInstanceHandles(profile.id), gpu), 'GPU instances')
      .map((handle) => {
        const subject = { index: gpu.index, handle, status: 0 };
        const view = askProbe(session, gpuInstanceInfo, subject);
        return { ...subject, profile, id: view.number('id'), placement: placement(view) };
      })
      .sort(byId),
  );
}
