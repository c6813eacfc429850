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
import type { Subject } from './ask/subject.js';
import { derive } from './derive.js';
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
import { askProbe } from './read.js';
import type { Reading } from './reading.js';

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
  readonly memoryMebibytes: Reading;
  readonly peerToPeer: Reading;
}

export interface GpuInstance extends Subject {
  readonly profile: GpuInstanceProfile;
  readonly id: number;
  readonly placement: Placement;
}

const gigabytes = (mebibytes: Reading): Reading => derive([mebibytes], (mib) => Math.round(mib / 1024));

/**
 * Profiles that the GPU can be cut by; none where it has no MIG. MIG need not be switched on. Throws InstanceError where
 * the driver refuses to say.
 */
export function gpuInstanceProfiles(session: Session, gpu: Subject): readonly GpuInstanceProfile[] {
  return GPU_INSTANCE_PROFILES.flatMap((profile) => {
    const view = askProbe(session, gpuProfile(profile), gpu);
    if (!isProfile(view, 'GPU instances')) return [];
    const id = Number(view.raw('id'));
    const total = view.read('instanceCount');
    const memoryMebibytes = view.read('memorySizeMB');
    return {
      name: nameOf(view, () => `MIG ${view.read('sliceCount')}g.${gigabytes(memoryMebibytes)}gb`),
      id,
      slices: view.read('sliceCount'),
      free: freeOf(askProbe(session, gpuCapacity(id), gpu).read('value'), total),
      total,
      memoryMebibytes,
      peerToPeer: view.read('isP2pSupported'),
      multiprocessors: view.read('multiprocessorCount'),
      copyEngines: view.read('copyEngineCount'),
      decoders: view.read('decoderCount'),
      encoders: view.read('encoderCount'),
      jpegs: view.read('jpegCount'),
      ofas: view.read('ofaCount'),
    };
  });
}

/** Where a profile's instances can lie on the GPU. Throws InstanceError. */
export const gpuInstancePlacements = (
  session: Session,
  gpu: Subject,
  profile: GpuInstanceProfile,
): readonly Placement[] => placementsOf(askProbe(session, gpuPlacements(profile.id), gpu), 'GPU instances');

/** GPU instances by profile, then by id. Throws InstanceError where the driver refuses to list them. */
export function gpuInstances(session: Session, gpu: Subject): readonly GpuInstance[] {
  return gpuInstanceProfiles(session, gpu).flatMap((profile) =>
    handlesOf(askProbe(session, gpuInstanceHandles(profile.id), gpu), 'GPU instances')
      .map((handle) => {
        const subject = { index: gpu.index, handle, status: 0 };
        const info = askProbe(session, gpuInstanceInfo, subject);
        return { ...subject, profile, ...infoOf(info, 'GPU instances') };
      })
      .sort(byId),
  );
}
