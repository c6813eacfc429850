/** How MIG divides the A100: the ways to cut it, the instances it has, and what runs in them. */
import * as nvml from '../../src/nvml/generated/constants.js';

export const NAME = 'NVIDIA A100-SXM4-40GB';

/** A way to cut the GPU. */
interface GpuProfile {
  /** NVML_GPU_INSTANCE_PROFILE_* */
  readonly profile: number;
  readonly id: number;
  readonly name: string;
  readonly slices: number;
  readonly instances: number;
  /** Multiprocessors, copy engines, decoders, JPEG engines, optical flow engines. */
  readonly engines: readonly [sm: number, ce: number, dec: number, jpeg: number, ofa: number];
  readonly mib: number;
  /** Memory slices that an instance takes, and where it may begin. */
  readonly size: number;
  readonly starts: readonly number[];
}

const cut = (
  profile: number,
  id: number,
  name: string,
  slices: number,
  instances: number,
  engines: GpuProfile['engines'],
  mib: number,
  size: number,
  starts: readonly number[],
): GpuProfile => ({ profile, id, name, slices, instances, engines, mib, size, starts });

const ANYWHERE = [0, 1, 2, 3, 4, 5, 6];

export const PROFILES: readonly GpuProfile[] = [
  cut(nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE, 19, 'MIG 1g.5gb', 1, 7, [14, 1, 0, 0, 0], 4864, 1, ANYWHERE),
  cut(
    nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE_REV1,
    20,
    'MIG 1g.5gb+me',
    1,
    1,
    [14, 1, 1, 1, 1],
    4864,
    1,
    ANYWHERE,
  ),
  cut(
    nvml.NVML_GPU_INSTANCE_PROFILE_1_SLICE_REV2,
    15,
    'MIG 1g.10gb',
    1,
    4,
    [14, 1, 1, 0, 0],
    9856,
    2,
    [0, 2, 4, 6],
  ),
  cut(nvml.NVML_GPU_INSTANCE_PROFILE_2_SLICE, 14, 'MIG 2g.10gb', 2, 3, [28, 2, 1, 0, 0], 9856, 2, [0, 2, 4]),
  cut(nvml.NVML_GPU_INSTANCE_PROFILE_3_SLICE, 9, 'MIG 3g.20gb', 3, 2, [42, 3, 2, 0, 0], 19968, 4, [0, 4]),
  cut(nvml.NVML_GPU_INSTANCE_PROFILE_4_SLICE, 5, 'MIG 4g.20gb', 4, 1, [56, 4, 2, 0, 0], 19968, 4, [0]),
  cut(nvml.NVML_GPU_INSTANCE_PROFILE_7_SLICE, 0, 'MIG 7g.40gb', 7, 1, [98, 7, 5, 1, 1], 40192, 8, [0]),
];

const profileOf = (id: number): GpuProfile => {
  const found = PROFILES.find((profile) => profile.id === id);
  if (found === undefined) throw new Error(`no GPU instance profile ${id}`);
  return found;
};

/** Compute instance profiles of 1, 2 and 3 slices: their ids are their places in this list. */
export const COMPUTE_PROFILES: readonly (readonly [profile: number, slices: number])[] = [
  [nvml.NVML_COMPUTE_INSTANCE_PROFILE_1_SLICE, 1],
  [nvml.NVML_COMPUTE_INSTANCE_PROFILE_2_SLICE, 2],
  [nvml.NVML_COMPUTE_INSTANCE_PROFILE_3_SLICE, 3],
];

interface Process {
  readonly pid: number;
  readonly mib: number;
}

/** A GPU instance and the compute instances in it. Memory is what the whole instance has. */
export interface Instance {
  readonly id: number;
  readonly profile: GpuProfile;
  readonly start: number;
  readonly memoryMib: { readonly total: number; readonly used: number };
  readonly bar1Mib: number;
  readonly compute: readonly {
    readonly id: number;
    readonly slices: number;
    readonly start: number;
    readonly processes: readonly Process[];
  }[];
}

export const INSTANCES: readonly Instance[] = [
  {
    id: 2,
    profile: profileOf(9),
    start: 4,
    memoryMib: { total: 20096, used: 11862 },
    bar1Mib: 12210,
    compute: [
      { id: 0, slices: 2, start: 0, processes: [{ pid: 41208, mib: 9644 }] },
      {
        id: 1,
        slices: 1,
        start: 2,
        processes: [
          { pid: 41377, mib: 1312 },
          { pid: 41390, mib: 844 },
        ],
      },
    ],
  },
  {
    id: 4,
    profile: profileOf(14),
    start: 2,
    memoryMib: { total: 9984, used: 5219 },
    bar1Mib: 6105,
    compute: [{ id: 0, slices: 2, start: 0, processes: [{ pid: 52011, mib: 5182 }] }],
  },
  {
    id: 7,
    profile: profileOf(19),
    start: 0,
    memoryMib: { total: 4864, used: 32 },
    bar1Mib: 3052,
    compute: [{ id: 0, slices: 1, start: 0, processes: [] }],
  },
  {
    id: 8,
    profile: profileOf(19),
    start: 1,
    memoryMib: { total: 4864, used: 32 },
    bar1Mib: 3052,
    compute: [],
  },
];

export const PROCESSES: Readonly<Record<number, string>> = {
  41208: '/opt/conda/envs/serve/bin/python3',
  41377: '/usr/bin/tritonserver',
  41390: './BlackScholes',
  52011: '/home/user/notebooks/.venv/bin/python3.11',
};
