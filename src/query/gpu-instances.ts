/** MIG: the GPU instance profiles of a GPU, its GPU instances, and the compute instances in them. */
import { call, type Handle, type Out, SUBJECT, struct, u32 } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import * as layouts from '../nvml/generated/layouts.js';
import type { Layout, ScalarType } from '../nvml/layout.js';
import type { Session } from '../nvml/session.js';
import { Missing, type Status } from '../nvml/status.js';
import type { Asked, View } from './asked.js';
import { Asking, type Subject } from './plan.js';
import { fixed, type Probe, sample } from './probe.js';

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

/** MIG's lists come with the array before its count. */
const backwards = (item: Layout | ScalarType): Out => ({ out: 'list', item, capacity: 32, arrayFirst: true });

const gpuProfile = (profile: number): Probe =>
  fixed(
    `GPU instance profile ${profile}`,
    call(
      'nvmlDeviceGetGpuInstanceProfileInfoV',
      SUBJECT,
      profile,
      struct(layouts.nvmlGpuInstanceProfileInfo_v2_t, { version: nvml.nvmlGpuInstanceProfileInfo_v2 }),
    ),
    call(
      'nvmlDeviceGetGpuInstanceProfileInfo',
      SUBJECT,
      profile,
      struct(layouts.nvmlGpuInstanceProfileInfo_t),
    ),
  );
const gpuCapacity = (id: number): Probe =>
  sample(
    `room for GPU instances ${id}`,
    call('nvmlDeviceGetGpuInstanceRemainingCapacity', SUBJECT, id, u32()),
  );
const gpuPlacements = (id: number): Probe =>
  fixed(
    `GPU instance placements ${id}`,
    call(
      'nvmlDeviceGetGpuInstancePossiblePlacements_v2',
      SUBJECT,
      id,
      backwards(layouts.nvmlGpuInstancePlacement_t),
    ),
    call(
      'nvmlDeviceGetGpuInstancePossiblePlacements',
      SUBJECT,
      id,
      backwards(layouts.nvmlGpuInstancePlacement_t),
    ),
  );
const gpuInstanceHandles = (id: number): Probe =>
  sample(`GPU instances ${id}`, call('nvmlDeviceGetGpuInstances', SUBJECT, id, backwards('ptr')));
const gpuInstanceInfo = sample(
  'GPU instance',
  call('nvmlGpuInstanceGetInfo', SUBJECT, struct(layouts.nvmlGpuInstanceInfo_t)),
);
const computeProfile = (profile: number): Probe =>
  fixed(
    `compute instance profile ${profile}`,
    call(
      'nvmlGpuInstanceGetComputeInstanceProfileInfoV',
      SUBJECT,
      profile,
      nvml.NVML_COMPUTE_INSTANCE_ENGINE_PROFILE_SHARED,
      struct(layouts.nvmlComputeInstanceProfileInfo_v2_t, {
        version: nvml.nvmlComputeInstanceProfileInfo_v2,
      }),
    ),
    call(
      'nvmlGpuInstanceGetComputeInstanceProfileInfo',
      SUBJECT,
      profile,
      nvml.NVML_COMPUTE_INSTANCE_ENGINE_PROFILE_SHARED,
      struct(layouts.nvmlComputeInstanceProfileInfo_t),
    ),
  );
const computeCapacity = (id: number): Probe =>
  sample(
    `room for compute instances ${id}`,
    call('nvmlGpuInstanceGetComputeInstanceRemainingCapacity', SUBJECT, id, u32()),
  );
const computePlacements = (id: number): Probe =>
  fixed(
    `compute instance placements ${id}`,
    call(
      'nvmlGpuInstanceGetComputeInstancePossiblePlacements',
      SUBJECT,
      id,
      backwards(layouts.nvmlComputeInstancePlacement_t),
    ),
  );
const computeInstanceHandles = (id: number): Probe =>
  sample(
    `compute instances ${id}`,
    call('nvmlGpuInstanceGetComputeInstances', SUBJECT, id, backwards('ptr')),
  );
const computeInstanceInfo = sample(
  'compute instance',
  call('nvmlComputeInstanceGetInfo_v2', SUBJECT, struct(layouts.nvmlComputeInstanceInfo_t)),
);

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

export interface GpuInstanceProfile extends InstanceProfile {
  readonly memoryMebibytes: number;
  readonly peerToPeer: boolean;
}

export interface GpuInstance extends Subject {
  readonly profile: GpuInstanceProfile;
  readonly id: number;
  readonly placement: Placement;
}

export interface ComputeInstance {
  readonly profile: InstanceProfile;
  readonly id: number;
  readonly placement: Placement;
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

function ask(session: Session, probe: Probe, subject: Subject): Asked {
  const asking = new Asking(session);
  const asked = asking.ask(probe, subject);
  void asking.run();
  return asked;
}

/** What NVML calls the profile; drivers before 515 have no name for it, and leave it to be made of the numbers. */
const nameOf = (view: View, otherwise: () => string): string => {
  const name = view.text('name');
  return name === '' ? otherwise() : name;
};

const gigabytes = (mebibytes: number): number => Math.round(mebibytes / 1024);

/** Profiles that the GPU can be cut by; none where it has no MIG. MIG need not be switched on. */
export function gpuInstanceProfiles(session: Session, gpu: Subject): readonly GpuInstanceProfile[] {
  return GPU_INSTANCE_PROFILES.flatMap((profile) => {
    const view = ask(session, gpuProfile(profile), gpu);
    if (view.status !== 0) return [];
    const id = view.number('id');
    const total = view.number('instanceCount');
    const memoryMebibytes = view.number('memorySizeMB');
    const capacity = ask(session, gpuCapacity(id), gpu).read('value');
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

const placementsOf = (asked: Asked): readonly Placement[] =>
  asked.items().map((item) => ({ start: item.number('start'), size: item.number('size') }));

/** Where a profile's instances can lie on the GPU. */
export const gpuInstancePlacements = (
  session: Session,
  gpu: Subject,
  profile: GpuInstanceProfile,
): readonly Placement[] => placementsOf(ask(session, gpuPlacements(profile.id), gpu));

/** The handles of a list; an empty list is an answer, a refusal throws InstanceError. */
function handlesOf(asked: Asked, what: InstanceError['what']): readonly Handle[] {
  if (asked.status !== 0 && asked.status !== nvml.NVML_ERROR_NOT_FOUND) {
    throw new InstanceError(what, asked.status);
  }
  return asked.items().map((item) => item.read('') as Handle);
}

const placement = (view: View): Placement => ({
  start: view.number('placement.start'),
  size: view.number('placement.size'),
});

const byId = (a: { readonly id: number }, b: { readonly id: number }): number => a.id - b.id;

/** GPU instances by profile, then by id. Throws InstanceError where the driver refuses to list them. */
export function gpuInstances(session: Session, gpu: Subject): readonly GpuInstance[] {
  return gpuInstanceProfiles(session, gpu).flatMap((profile) =>
    handlesOf(ask(session, gpuInstanceHandles(profile.id), gpu), 'GPU instances')
      .map((handle) => {
        const subject = { index: gpu.index, handle, status: 0 };
        const view = ask(session, gpuInstanceInfo, subject);
        return { ...subject, profile, id: view.number('id'), placement: placement(view) };
      })
      .sort(byId),
  );
}

/** Profiles that a GPU instance can be cut by; the last, as large as the instance, is the default. */
export function computeInstanceProfiles(session: Session, gi: GpuInstance): readonly InstanceProfile[] {
  return COMPUTE_INSTANCE_PROFILES.flatMap((profile) => {
    const view = ask(session, computeProfile(profile), gi);
    if (view.status !== 0) return [];
    const id = view.number('id');
    const slices = view.number('sliceCount');
    const total = view.number('instanceCount');
    const capacity = ask(session, computeCapacity(id), gi).read('value');
    const whole = gi.profile.name.replace(/^MIG /, '');
    return {
      name: nameOf(view, () => `MIG ${slices === gi.profile.slices ? '' : `${slices}c.`}${whole}`),
      id,
      slices,
      free: capacity instanceof Missing ? total : Number(capacity),
      total,
      multiprocessors: view.number('multiprocessorCount'),
      copyEngines: view.number('sharedCopyEngineCount'),
      decoders: view.number('sharedDecoderCount'),
      encoders: view.number('sharedEncoderCount'),
      jpegs: view.number('sharedJpegCount'),
      ofas: view.number('sharedOfaCount'),
    };
  });
}

/** Whether a compute instance profile takes the whole GPU instance. */
export const isDefault = (profile: InstanceProfile, gi: GpuInstance): boolean =>
  profile.slices === gi.profile.slices;

/** Where a profile's compute instances can lie in the GPU instance. */
export const computeInstancePlacements = (
  session: Session,
  gi: GpuInstance,
  profile: InstanceProfile,
): readonly Placement[] => placementsOf(ask(session, computePlacements(profile.id), gi));

/** Compute instances of a GPU instance by profile, then by id. Throws InstanceError like gpuInstances. */
export function computeInstances(session: Session, gi: GpuInstance): readonly ComputeInstance[] {
  return computeInstanceProfiles(session, gi).flatMap((profile) =>
    handlesOf(ask(session, computeInstanceHandles(profile.id), gi), 'compute instances')
      .map((handle) => {
        const view = ask(session, computeInstanceInfo, { index: gi.index, handle, status: 0 });
        return { profile, id: view.number('id'), placement: placement(view) };
      })
      .sort(byId),
  );
}
