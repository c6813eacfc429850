/** What NVML says of the profiles, the GPU instances and the compute instances of the A100 that MIG divides. */
import * as nvml from '../../src/nvml/generated/constants.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { COMPUTE_PROFILES, INSTANCES, type Instance, PROFILES } from './a100-mig-layout.js';
import { type Gpu, NONE, Subject } from './machine.js';

/** The struct of a profile without name, and the newer one with it; both come without a version (H100, 580.159.04). */
export function describeGpuProfiles(gpu: Gpu): void {
  const { machine } = gpu;
  const fns: readonly FunctionName[] = [
    'nvmlDeviceGetGpuInstanceProfileInfo',
    'nvmlDeviceGetGpuInstanceProfileInfoV',
    'nvmlDeviceGetGpuInstanceProfileInfoByIdV',
    'nvmlDeviceGetGpuInstancePossiblePlacements',
    'nvmlDeviceGetGpuInstancePossiblePlacements_v2',
    'nvmlDeviceGetGpuInstanceRemainingCapacity',
    'nvmlDeviceGetGpuInstances',
  ];
  machine.forget(...fns);
  for (let profile = 0; profile < nvml.NVML_GPU_INSTANCE_PROFILE_COUNT; profile++) {
    if (PROFILES.some((known) => known.profile === profile)) continue;
    gpu.answerEach({
      nvmlDeviceGetGpuInstanceProfileInfo: { [profile]: NONE },
      nvmlDeviceGetGpuInstanceProfileInfoV: { [profile]: NONE },
    });
  }
  for (const known of PROFILES) {
    const [sm, ce, dec, jpeg, ofa] = known.engines;
    const info = {
      id: known.id,
      isP2pSupported: 0,
      sliceCount: known.slices,
      instanceCount: known.instances,
      multiprocessorCount: sm,
      copyEngineCount: ce,
      decoderCount: dec,
      encoderCount: 0,
      jpegCount: jpeg,
      ofaCount: ofa,
      memorySizeMB: known.mib,
    };
    const named = { version: 0, ...info, name: known.name };
    const placements = known.starts.map((start) => ({ start, size: known.size }));
    gpu.answerEach({
      nvmlDeviceGetGpuInstanceProfileInfo: { [known.profile]: info },
      nvmlDeviceGetGpuInstanceProfileInfoV: { [known.profile]: named },
      nvmlDeviceGetGpuInstanceProfileInfoByIdV: { [known.id]: named },
      nvmlDeviceGetGpuInstancePossiblePlacements: { [known.id]: placements },
      nvmlDeviceGetGpuInstancePossiblePlacements_v2: { [known.id]: placements },
      // The four instances fill all eight memory slices.
      nvmlDeviceGetGpuInstanceRemainingCapacity: { [known.id]: 0 },
      nvmlDeviceGetGpuInstances: {
        [known.id]: INSTANCES.filter(({ profile }) => profile === known).map(({ id }) => `gpu0/gi${id}`),
      },
    });
  }
}

/** Slices of the GPU instance that no compute instance has taken. */
const freeSlices = ({ profile, compute }: Instance): number =>
  compute.reduce((left, { slices }) => left - slices, profile.slices);

export function describeInstance(gpu: Gpu, instance: Instance): void {
  const { machine } = gpu;
  const { id, profile, start, compute } = instance;
  const [, ce, dec, jpeg, ofa] = profile.engines;
  const gi = new Subject(machine, `${gpu.name}/gi${id}`);
  gi.answer({
    nvmlGpuInstanceGetInfo: {
      device: gpu.name,
      id,
      profileId: profile.id,
      placement: { start, size: profile.size },
    },
  });
  gpu.answerEach({ nvmlDeviceGetGpuInstanceById: { [id]: gi.name } });
  const shortName = profile.name.replace('MIG ', '');
  for (let kind = 0; kind < nvml.NVML_COMPUTE_INSTANCE_PROFILE_COUNT; kind++) {
    const ciId = COMPUTE_PROFILES.findIndex(([known]) => known === kind);
    const slices = COMPUTE_PROFILES[ciId]?.[1];
    if (slices === undefined || slices > profile.slices) {
      gi.answerEach({
        nvmlGpuInstanceGetComputeInstanceProfileInfo: { [`${kind},0`]: NONE },
        nvmlGpuInstanceGetComputeInstanceProfileInfoV: { [`${kind},0`]: NONE },
      });
      continue;
    }
    const info = {
      id: ciId,
      sliceCount: slices,
      instanceCount: Math.floor(profile.slices / slices),
      multiprocessorCount: slices * 14,
      sharedCopyEngineCount: ce,
      sharedDecoderCount: dec,
      sharedEncoderCount: 0,
      sharedJpegCount: jpeg,
      sharedOfaCount: ofa,
    };
    const share = slices === profile.slices ? '' : `${slices}c.`;
    const starts = Array.from({ length: profile.slices - slices + 1 }, (_, i) => i);
    gi.answerEach({
      nvmlGpuInstanceGetComputeInstanceProfileInfo: { [`${kind},0`]: info },
      nvmlGpuInstanceGetComputeInstanceProfileInfoV: {
        [`${kind},0`]: { version: 0, ...info, name: `MIG ${share}${shortName}` },
      },
      nvmlGpuInstanceGetComputeInstanceRemainingCapacity: {
        [ciId]: Math.floor(freeSlices(instance) / slices),
      },
      nvmlGpuInstanceGetComputeInstancePossiblePlacements: {
        [ciId]: starts
          .filter((at) => at % slices === 0 || slices === 2)
          .map((at) => ({ start: at, size: slices })),
      },
      nvmlGpuInstanceGetComputeInstances: {
        [ciId]: compute.filter((ci) => ci.slices === slices).map((ci) => `${gi.name}/ci${ci.id}`),
      },
    });
  }
  for (const ci of compute) {
    const subject = new Subject(machine, `${gi.name}/ci${ci.id}`);
    gi.answerEach({ nvmlGpuInstanceGetComputeInstanceById: { [ci.id]: subject.name } });
    const info = {
      device: gpu.name,
      gpuInstance: gi.name,
      id: ci.id,
      profileId: COMPUTE_PROFILES.findIndex(([, slices]) => slices === ci.slices),
      placement: { start: ci.start, size: ci.slices },
    };
    subject.answer({ nvmlComputeInstanceGetInfo_v2: info });
  }
}
