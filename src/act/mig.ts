/** MIG: GPU instances and compute instances, made and destroyed. Words of 550.163.01, and of public outputs of an A100. */

import { plainText } from '../base/plain-text.js';
import type { Handle } from '../nvml/call.js';
import {
  NVML_ERROR_INSUFFICIENT_RESOURCES,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
} from '../nvml/generated/constants.js';
import * as nvml from '../nvml/generated/entries.js';
import { type Status, statusReason } from '../nvml/status.js';
import {
  type ComputeInstance,
  computeInstancePlacements,
  computeInstanceProfiles,
  computeInstances,
  isDefault,
} from '../query/mig/compute-instances.js';
import {
  type GpuInstance,
  type GpuInstanceProfile,
  gpuInstancePlacements,
  gpuInstanceProfiles,
  gpuInstances,
} from '../query/mig/gpu-instances.js';
import type { InstanceProfile, Placement } from '../query/mig/instances.js';
import { sample } from '../query/probe.js';
import type { Attempt } from './acting.js';
import { type ActionVerdict, changed, failed, ready, type Target } from './action.js';
import { askNow, runNow } from './ask.js';
import { change, subjectOf } from './change.js';

/** As nvidia-smi prints small numbers. */
const two = (value: number | string): string => String(value).padStart(2);

const bare = (name: string): string => name.replace(/^MIG /, '');

/** Finds a profile by its number or its name, with or without MIG in front. */
const profileNamed = <P extends { readonly id: number; readonly name: string }>(
  profiles: readonly P[],
  text: string,
): P | undefined =>
  profiles.find(({ id, name }) => (/^\d+$/.test(text) ? id === Number(text) : bare(name) === bare(text)));

/** `9`, `3g.20gb`, `9:4`: a profile, and where its instance begins. */
export interface InstanceRequest {
  /** As it was written. */
  readonly written: string;
  readonly profile: string;
  readonly start: number | undefined;
}

export function wantedOf(text: string): InstanceRequest {
  const [profile = '', start] = text.trim().split(':');
  return {
    written: text.trim(),
    profile,
    start: start === undefined || !/^\d+$/.test(start) ? undefined : Number(start),
  };
}

const refusedGpu = (target: Target, profile: string, status: Status): ActionVerdict =>
  failed(
    status,
    `Unable to create a GPU instance on GPU ${two(target.gpu.index)} using profile ${plainText(profile)}: ${statusReason(status)}`,
  );

/** How large an instance is that begins there; undefined where none can. */
function sizeAt(placements: readonly Placement[], start: number): number | undefined {
  const place = placements.find((each) => each.start === start);
  return place === undefined ? undefined : Number(place.size);
}

const isTaken = (
  instances: readonly { readonly placement: Placement }[],
  start: number,
  size: number,
): boolean =>
  instances.some(
    ({ placement }) =>
      start < Number(placement.start) + Number(placement.size) && Number(placement.start) < start + size,
  );

/** The attempt to make a GPU instance. `keep` gets it. */
export function createGpuInstance(
  target: Target,
  { written, profile: name, start }: InstanceRequest,
  keep: (id: number) => void = () => undefined,
): Attempt {
  const { asker, gpu } = target;
  const find = (): GpuInstanceProfile | undefined =>
    profileNamed(runNow(asker, gpuInstanceProfiles(gpu)), name);
  const placementsOf = (profile: GpuInstanceProfile): readonly Placement[] =>
    runNow(asker, gpuInstancePlacements(gpu, profile));
  return {
    action: 'create-gpu-instance',
    value: written,
    target,
    needs: ['root'],
    check() {
      const profile = find();
      if (profile === undefined) return refusedGpu(target, written, NVML_ERROR_INVALID_ARGUMENT);
      if (profile.free === 0) return refusedGpu(target, written, NVML_ERROR_INSUFFICIENT_RESOURCES);
      if (start === undefined) return ready;
      const size = sizeAt(placementsOf(profile), start);
      if (size === undefined) return refusedGpu(target, written, NVML_ERROR_INVALID_ARGUMENT);
      return isTaken(runNow(asker, gpuInstances(gpu)), start, size)
        ? refusedGpu(target, written, NVML_ERROR_INSUFFICIENT_RESOURCES)
        : ready;
    },
    make() {
      const profile = find() as GpuInstanceProfile;
      const profileId = profile.id;
      const made =
        start === undefined
          ? change(asker, nvml.nvmlDeviceCreateGpuInstance, { profileId }, gpu)
          : change(
              asker,
              nvml.nvmlDeviceCreateGpuInstanceWithPlacement,
              { profileId, start, size: sizeAt(placementsOf(profile), start) ?? 0 },
              gpu,
            );
      if (made.status !== 0) return refusedGpu(target, written, made.status);
      const handle = made.read('gpuInstance') as Handle;
      const id = Number(askNow(asker, sample(nvml.nvmlGpuInstanceGetInfo), subjectOf(handle)).read('id'));
      keep(id);
      return changed(
        `Successfully created GPU instance ID ${two(id)} on GPU ${two(gpu.index)} using profile ${profile.name} (ID ${two(profileId)})`,
      );
    },
  };
}

/** The compute instance that takes all of a GPU instance. */
export const DEFAULT_PROFILE = 'default';

/** The attempt to make a compute instance in the GPU instance with this id. */
export function createComputeInstance(
  target: Target,
  gpuInstance: number,
  text: string,
  keep: (id: number) => void = () => undefined,
): Attempt {
  const { asker, gpu } = target;
  const where = `on GPU ${two(gpu.index)} GPU instance ID ${two(gpuInstance)}`;
  const refused = (status: Status): ActionVerdict =>
    failed(
      status,
      `Unable to create a compute instance ${where} using profile ${plainText(text)}: ${statusReason(status)}`,
    );
  const place = (): GpuInstance | undefined =>
    runNow(asker, gpuInstances(gpu)).find(({ id }) => id === gpuInstance);
  const { profile: named, start } = wantedOf(text);
  const find = (gi: GpuInstance): InstanceProfile | undefined => {
    const profiles = runNow(asker, computeInstanceProfiles(gi));
    return text === DEFAULT_PROFILE
      ? profiles.find((profile) => isDefault(profile, gi))
      : profileNamed(profiles, named);
  };
  const sizeIn = (gi: GpuInstance, profile: InstanceProfile): number | undefined =>
    start === undefined ? undefined : sizeAt(runNow(asker, computeInstancePlacements(gi, profile)), start);
  return {
    action: 'create-compute-instance',
    value: text,
    target,
    part: { gpu_instance: gpuInstance },
    needs: ['root'],
    check() {
      const gi = place();
      if (gi === undefined) return refused(NVML_ERROR_NOT_FOUND);
      const profile = find(gi);
      if (profile === undefined) return refused(NVML_ERROR_INVALID_ARGUMENT);
      if (profile.free === 0) return refused(NVML_ERROR_INSUFFICIENT_RESOURCES);
      if (start === undefined) return ready;
      // 550 has these words for a place that there is not, too.
      const size = sizeIn(gi, profile);
      return size === undefined || isTaken(runNow(asker, computeInstances(gi)), start, size)
        ? refused(NVML_ERROR_INSUFFICIENT_RESOURCES)
        : ready;
    },
    make() {
      const gi = place() as GpuInstance;
      const profile = find(gi) as InstanceProfile;
      const { id: profileId, name } = profile;
      const made =
        start === undefined
          ? change(asker, nvml.nvmlGpuInstanceCreateComputeInstance, { profileId }, gi)
          : change(
              asker,
              nvml.nvmlGpuInstanceCreateComputeInstanceWithPlacement,
              { profileId, start, size: sizeIn(gi, profile) ?? 0 },
              gi,
            );
      if (made.status !== 0) return refused(made.status);
      const instance = subjectOf(made.read('computeInstance') as Handle);
      const id = askNow(asker, sample(nvml.nvmlComputeInstanceGetInfo_v2), instance).read('id');
      keep(Number(id));
      return changed(
        `Successfully created compute instance ID ${two(Number(id))} ${where} using profile ${name} (ID ${two(profileId)})`,
      );
    },
  };
}

export const destroyGpuInstance = (target: Target, { id, handle, profile }: GpuInstance): Attempt => ({
  action: 'destroy-gpu-instance',
  value: bare(profile.name),
  target,
  part: { gpu_instance: id },
  needs: ['root', 'idle'],
  make() {
    const { status } = change(target.asker, nvml.nvmlGpuInstanceDestroy, {}, subjectOf(handle as Handle));
    const what = `GPU instance ID ${two(id)} from GPU ${two(target.gpu.index)}`;
    return status === 0
      ? changed(`Successfully destroyed ${what}`)
      : failed(status, `Unable to destroy ${what}: ${statusReason(status)}`);
  },
});

export const destroyComputeInstance = (
  target: Target,
  gpuInstance: number,
  { id, handle, profile }: ComputeInstance,
): Attempt => ({
  action: 'destroy-compute-instance',
  value: bare(profile.name),
  target,
  part: { gpu_instance: gpuInstance, compute_instance: id },
  needs: ['root', 'idle'],
  make() {
    const { status } = change(target.asker, nvml.nvmlComputeInstanceDestroy, {}, subjectOf(handle));
    const what = `compute instance ID ${two(id)} from GPU ${two(target.gpu.index)} GPU instance ID ${two(gpuInstance)}`;
    return status === 0
      ? changed(`Successfully destroyed ${what}`)
      : failed(status, `Unable to destroy ${what}: ${statusReason(status)}`);
  },
});
