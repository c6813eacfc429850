/** A made-up machine with MIG on. */
import type { Json } from '../../src/snapshot/answer.js';
import type { Answers } from '../../src/snapshot/answer-key.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { machineWith, refused } from './made-machine.js';

interface GpuProfile {
  readonly index: number;
  readonly id: number;
  readonly slices: number;
  readonly total: number;
  readonly free: number;
  readonly name: string;
  readonly memory: number;
  readonly sm: number;
  readonly dec: number;
  readonly ce: number;
  readonly jpg: number;
  readonly ofa: number;
}

const gpuProfile = (
  index: number,
  id: number,
  slices: number,
  [free, total]: readonly [number, number],
  name: string,
  memory: number,
  [sm, dec, ce, jpg, ofa]: readonly [number, number, number, number, number],
): GpuProfile => ({ index, id, slices, total, free, name, memory, sm, dec, ce, jpg, ofa });

/** The seven profiles of an A100-SXM4-40GB with 4g.20gb, 2g.10gb and 1g.5gb in use, driver 580.126.09. */
const A100_PROFILES: readonly GpuProfile[] = [
  gpuProfile(0, 19, 1, [0, 7], 'MIG 1g.5gb', 4864, [14, 0, 1, 0, 0]),
  gpuProfile(7, 20, 1, [0, 1], 'MIG 1g.5gb+me', 4864, [14, 1, 1, 1, 1]),
  gpuProfile(9, 15, 1, [0, 4], 'MIG 1g.10gb', 9984, [14, 1, 1, 0, 0]),
  gpuProfile(1, 14, 2, [0, 3], 'MIG 2g.10gb', 9984, [28, 1, 2, 0, 0]),
  gpuProfile(2, 9, 3, [0, 2], 'MIG 3g.20gb', 20096, [42, 2, 3, 0, 0]),
  gpuProfile(3, 5, 4, [0, 1], 'MIG 4g.20gb', 20096, [56, 2, 4, 0, 0]),
  gpuProfile(4, 0, 7, [0, 1], 'MIG 7g.40gb', 40320, [98, 5, 7, 1, 1]),
];

const NO_SUCH_PROFILE = refused('NOT_SUPPORTED');

/** [profile index, id, slices, free, total, name, SMs, decoders, copy engines] of a compute instance profile. */
type ComputeProfile = readonly [number, number, number, number, number, string, number, number, number];

const COMPUTE_PROFILES: Readonly<Record<string, readonly ComputeProfile[]>> = {
  'gpu0/gi9': [[0, 0, 1, 0, 1, 'MIG 1g.5gb', 14, 0, 1]],
  'gpu0/gi3': [
    [0, 0, 1, 0, 2, 'MIG 1c.2g.10gb', 14, 1, 2],
    [1, 1, 2, 0, 1, 'MIG 2g.10gb', 28, 1, 2],
  ],
  'gpu0/gi2': [
    [0, 0, 1, 0, 4, 'MIG 1c.4g.20gb', 14, 2, 4],
    [1, 1, 2, 0, 2, 'MIG 2c.4g.20gb', 28, 2, 4],
    [3, 3, 4, 0, 1, 'MIG 4g.20gb', 56, 2, 4],
  ],
};

const INSTANCES: Readonly<
  Record<string, readonly [id: number, profile: number, start: number, size: number]>
> = {
  'gpu0/gi9': [9, 19, 6, 1],
  'gpu0/gi3': [3, 14, 4, 2],
  'gpu0/gi2': [2, 5, 0, 4],
};

/** GPU instance, profile id, compute instance id, start, size. */
const COMPUTE_INSTANCES: readonly (readonly [string, number, number, number, number])[] = [
  ['gpu0/gi9', 0, 0, 0, 1],
  ['gpu0/gi3', 0, 1, 1, 1],
  ['gpu0/gi3', 0, 0, 0, 1],
  ['gpu0/gi2', 3, 0, 0, 4],
];

const collect = <T>(items: readonly T[], entry: (item: T) => readonly [string, Json]): Answers =>
  Object.fromEntries(items.map(entry));

/** An A100 with MIG on, cut as a public listing of driver 580.126.09 shows it. `empty`: nothing created yet. */
export function a100WithMig(
  options: { readonly empty?: boolean; readonly unnamed?: boolean } = {},
): Snapshot {
  const instances = options.empty ? [] : Object.entries(INSTANCES);
  const profileInfo = (p: GpuProfile): Json => ({
    id: p.id,
    isP2pSupported: 0,
    sliceCount: p.slices,
    instanceCount: p.total,
    multiprocessorCount: p.sm,
    copyEngineCount: p.ce,
    decoderCount: p.dec,
    encoderCount: 0,
    jpegCount: p.jpg,
    ofaCount: p.ofa,
    memorySizeMB: p.memory,
  });
  const byIndex = (answer: (p: GpuProfile) => Json): Answers => ({
    ...Object.fromEntries(Array.from({ length: 18 }, (_, i) => [`gpu0,${i}`, NO_SUCH_PROFILE])),
    ...collect(A100_PROFILES, (p) => [`gpu0,${p.index}`, answer(p)]),
  });
  const placed = (start: number, size: number) => ({ start, size });
  const computeProfiles = Object.entries(COMPUTE_PROFILES).flatMap(([gi, all]) =>
    all.map((profile) => ({ gi, profile })),
  );
  return machineWith(1, 'NVIDIA A100-SXM4-40GB', {
    nvmlDeviceGetMigMode: { gpu0: [1, 1] },
    ...(options.unnamed
      ? { nvmlDeviceGetGpuInstanceProfileInfo: byIndex(profileInfo) }
      : {
          nvmlDeviceGetGpuInstanceProfileInfoV: byIndex((p) => ({
            version: 33554584,
            ...(profileInfo(p) as object),
            name: p.name,
          })),
        }),
    nvmlDeviceGetGpuInstanceRemainingCapacity: collect(A100_PROFILES, (p) => [`gpu0,${p.id}`, p.free]),
    nvmlDeviceGetGpuInstancePossiblePlacements_v2: collect(A100_PROFILES, (p) => [
      `gpu0,${p.id}`,
      Array.from({ length: p.total }, (_, i) => placed(i * p.slices, p.slices)),
    ]),
    nvmlDeviceGetGpuInstances: collect(A100_PROFILES, (p) => [
      `gpu0,${p.id}`,
      instances.filter(([, [, profile]]) => profile === p.id).map(([name]) => name),
    ]),
    nvmlGpuInstanceGetInfo: collect(instances, ([name, [id, profileId, start, size]]) => [
      name,
      { device: 'gpu0', id, profileId, placement: placed(start, size) },
    ]),
    nvmlGpuInstanceGetComputeInstanceProfileInfoV: collect(computeProfiles, ({ gi, profile: p }) => [
      `${gi},${p[0]},0`,
      {
        version: 33554568,
        id: p[1],
        sliceCount: p[2],
        instanceCount: p[4],
        multiprocessorCount: p[6],
        sharedCopyEngineCount: p[8],
        sharedDecoderCount: p[7],
        sharedEncoderCount: 0,
        sharedJpegCount: 0,
        sharedOfaCount: 0,
        name: p[5],
      },
    ]),
    nvmlGpuInstanceGetComputeInstanceRemainingCapacity: collect(computeProfiles, ({ gi, profile: p }) => [
      `${gi},${p[1]}`,
      p[3],
    ]),
    nvmlGpuInstanceGetComputeInstancePossiblePlacements: collect(computeProfiles, ({ gi, profile: p }) => [
      `${gi},${p[1]}`,
      Array.from({ length: p[4] }, (_, i) => placed(i * p[2], p[2])),
    ]),
    nvmlGpuInstanceGetComputeInstances: collect(computeProfiles, ({ gi, profile: p }) => [
      `${gi},${p[1]}`,
      COMPUTE_INSTANCES.filter(([of, profile]) => of === gi && profile === p[1]).map(
        ([of, , id]) => `${of}/ci${id}`,
      ),
    ]),
    nvmlComputeInstanceGetInfo_v2: collect(COMPUTE_INSTANCES, ([gi, profileId, id, start, size]) => [
      `${gi}/ci${id}`,
      { device: 'gpu0', gpuInstance: gi, id, profileId, placement: placed(start, size) },
    ]),
  });
}
