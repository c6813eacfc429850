/**
 * An A100 that MIG divides: a 3g instance shared by two compute instances, a 2g and a 1g instance with one each, and
 * a 1g instance without any. Numbers of profiles, placements, instances and memory follow public outputs of A100s
 * with MIG (drivers 510 to 590); the rest is the recording of an H100 without what Ampere lacks.
 */
import * as nvml from '../../src/nvml/generated/constants.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { ANY_GPU, countErrors, describe, hideEngines, thresholds } from './board.js';
import {
  type Gpu,
  gpuUuid,
  Machine,
  MIB,
  migUuid,
  NONE,
  refusal,
  runs,
  Subject,
  serialOf,
  u32,
  u64,
} from './machine.js';
import { addPciFiles } from './nvlink.js';

const NAME = 'NVIDIA A100-SXM4-40GB';

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

const PROFILES: readonly GpuProfile[] = [
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
const COMPUTE_PROFILES: readonly (readonly [profile: number, slices: number])[] = [
  [nvml.NVML_COMPUTE_INSTANCE_PROFILE_1_SLICE, 1],
  [nvml.NVML_COMPUTE_INSTANCE_PROFILE_2_SLICE, 2],
  [nvml.NVML_COMPUTE_INSTANCE_PROFILE_3_SLICE, 3],
];

interface Process {
  readonly pid: number;
  readonly mib: number;
}

/** A GPU instance and the compute instances in it. Memory is what the whole instance has. */
interface Instance {
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

const INSTANCES: readonly Instance[] = [
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

const PROCESSES: Readonly<Record<number, string>> = {
  41208: '/opt/conda/envs/serve/bin/python3',
  41377: '/usr/bin/tritonserver',
  41390: './BlackScholes',
  52011: '/home/user/notebooks/.venv/bin/python3.11',
};

/** The struct of a profile without name, and the newer one with it; both come without a version (H100, 580.159.04). */
function describeGpuProfiles(gpu: Gpu): void {
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

function describeInstance(gpu: Gpu, instance: Instance): void {
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

/** A MIG device is a compute instance with the memory and the engines of its GPU instance. */
function describeMigDevice(
  gpu: Gpu,
  index: number,
  instance: Instance,
  ci: Instance['compute'][number],
): void {
  const { machine } = gpu;
  const mig = new Subject(machine, `${gpu.name}/mig${index}`);
  const { profile, memoryMib, bar1Mib } = instance;
  const [, ce, dec, jpeg, ofa] = profile.engines;
  const share = ci.slices === profile.slices ? '' : `${ci.slices}c.`;
  const { total, used } = { total: memoryMib.total * MIB, used: memoryMib.used * MIB };
  refuseAll(gpu, mig);
  mig.answer({
    nvmlDeviceGetName: `${NAME} ${profile.name.replace('MIG ', `MIG ${share}`)}`,
    nvmlDeviceGetUUID: migUuid(index),
    nvmlDeviceIsMigDeviceHandle: 1,
    nvmlDeviceGetDeviceHandleFromMigDeviceHandle: gpu.name,
    nvmlDeviceGetGpuInstanceId: instance.id,
    nvmlDeviceGetComputeInstanceId: ci.id,
    nvmlDeviceGetIndex: index,
    nvmlDeviceGetBrand: nvml.NVML_BRAND_NVIDIA,
    nvmlDeviceGetArchitecture: nvml.NVML_DEVICE_ARCH_AMPERE,
    nvmlDeviceGetCudaComputeCapability: [8, 0],
    nvmlDeviceGetAttributes_v2: {
      multiprocessorCount: ci.slices * 14,
      sharedCopyEngineCount: ce,
      sharedDecoderCount: dec,
      sharedEncoderCount: 0,
      sharedJpegCount: jpeg,
      sharedOfaCount: ofa,
      gpuInstanceSliceCount: profile.slices,
      computeInstanceSliceCount: ci.slices,
      memorySizeMB: memoryMib.total,
    },
    nvmlDeviceGetMemoryInfo: { total, free: total - used, used },
    nvmlDeviceGetMemoryInfo_v2: { version: nvml.nvmlMemory_v2, total, reserved: 0, free: total - used, used },
    nvmlDeviceGetBAR1MemoryInfo: { bar1Total: bar1Mib * MIB, bar1Free: bar1Mib * MIB, bar1Used: 0 },
  });
  mig.answerEach({
    nvmlDeviceGetTotalEccErrors: { '0,0': NONE, '0,1': NONE, '1,0': 0, '1,1': NONE },
    nvmlDeviceGetMemoryErrorCounter: {
      [`${nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED},${nvml.NVML_VOLATILE_ECC},${nvml.NVML_MEMORY_LOCATION_SRAM}`]: 0,
    },
  });
  const at = { gi: instance.id, ci: ci.id };
  runs(
    mig,
    'Compute',
    ci.processes.map((process) => ({ ...process, ...at })),
  );
  runs(mig, 'Graphics', []);
  runs(mig, 'MPSCompute', []);
  gpu.answerEach({ nvmlDeviceGetMigDeviceHandleByIndex: { [index]: mig.name } });
  machine.set('nvmlDeviceGetHandleByUUID', migUuid(index), mig.name);
  machine.set('nvmlDeviceGetHandleByUUIDV', `type=1,value.str=${migUuid(index)}`, mig.name);
}

/** A table of a GPU that is longer (clocks, links, profiles) is not asked of its MIG devices. */
const SHORT = 12;

/** A MIG device is asked what a GPU is asked, and has no answer to most of it. */
function refuseAll(gpu: Gpu, mig: Subject): void {
  const { machine } = gpu;
  for (const fn of machine.functions) {
    const keys = machine.keysOf(fn).filter((key) => /^gpu0(,|$)/.test(key) && !key.includes('gpu0,gpu0'));
    if (fn === 'nvmlDeviceGetFieldValues' || keys.length > SHORT) continue;
    for (const key of keys) machine.set(fn, key.replace('gpu0', mig.name), NONE);
  }
  mig.answer({ nvmlDeviceGetFieldValues: NONE });
}

const MAX_MIG_DEVICES = 7;

export function a100Mig(): Snapshot {
  const machine = Machine.like('h100-x1');
  const [gpu] = machine.multiply(1);
  if (gpu === undefined) throw new Error('a machine without a GPU');
  const kept: readonly FunctionName[] = ['nvmlDeviceGetRemappedRows', 'nvmlDeviceGetRemappedRows_v2'];
  gpu.has([...ANY_GPU, ...kept]);
  const identity = {
    uuid: gpuUuid(0),
    serial: serialOf(0),
    busId: '00000000:00:04.0',
    minor: 0,
    deviceId: 0x20b010de,
    subsystemId: 0x134f10de,
  };
  machine.introduce([identity]);
  machine.nameProcesses(PROCESSES);
  const used = INSTANCES.reduce((sum, { memoryMib }) => sum + memoryMib.used, 0);
  describe(gpu, {
    clocks: [1410, 1410, 1215, 1275],
    maxClocks: [1410, 1410, 1215, 1290],
    supportedClocks: [[1215, 1410, 210]],
    memoryMib: { total: 40960, reserved: 605, used },
    bar1Mib: { total: 65536, used: 1 },
    celsius: 41,
    milliwatts: 138_260,
    limits: { least: 100_000, most: 400_000, set: 400_000 },
    pcie: { generation: 4, maxGeneration: 4, width: 16, maxWidth: 16, txKib: 0, rxKib: 0 },
    computeCapability: [8, 0],
    percent: 0,
    memoryPercent: 0,
    reasons: nvml.nvmlClocksEventReasonNone,
  });
  countErrors(gpu, { corrected: 0, uncorrected: 0 });
  hideEngines(gpu);
  gpu.answer({
    nvmlDeviceGetName: NAME,
    nvmlDeviceGetBrand: nvml.NVML_BRAND_NVIDIA,
    nvmlDeviceGetArchitecture: nvml.NVML_DEVICE_ARCH_AMPERE,
    nvmlDeviceGetBoardPartNumber: '692-2G506-0200-003',
    nvmlDeviceGetVbiosVersion: '92.00.45.00.03',
    nvmlDeviceGetInforomImageVersion: 'G506.0200.00.04',
    nvmlDeviceGetModuleId: 3,
    nvmlDeviceGetPdi: { version: nvml.nvmlPdi_v1, value: '11529215046068473859' },
    nvmlDeviceGetPlatformInfo: {
      version: nvml.nvmlPlatformInfo_v2,
      ibGuid: [],
      chassisSerialNumber: [],
      slotNumber: 0,
      trayIndex: 0,
      hostId: 1,
      peerType: 0,
      moduleId: 3,
    },
    nvmlDeviceGetPersistenceMode: 1,
    nvmlDeviceGetPerformanceState: 0,
    nvmlDeviceGetPowerState: 0,
    nvmlDeviceGetNumGpuCores: 6912,
    nvmlDeviceGetMemoryBusWidth: 5120,
    nvmlDeviceGetTotalEnergyConsumption: 871_220_104,
    nvmlDeviceGetMigMode: [1, 1],
    nvmlDeviceGetMaxMigDeviceCount: MAX_MIG_DEVICES,
    nvmlDeviceGetAddressingMode: {
      version: nvml.nvmlDeviceAddressingMode_v1,
      value: nvml.NVML_DEVICE_ADDRESSING_MODE_NONE,
    },
    nvmlDeviceGetRowRemapperHistogram: { max: 640, high: 0, partial: 0, low: 0, none: 0 },
    nvmlDeviceGetSramEccErrorStatus: {
      version: nvml.nvmlEccSramErrorStatus_v1,
      aggregateUncParity: 0,
      aggregateUncSecDed: 0,
      aggregateCor: 0,
      volatileUncParity: 0,
      volatileUncSecDed: 0,
      volatileCor: 0,
      aggregateUncBucketL2: 0,
      aggregateUncBucketSm: 0,
      aggregateUncBucketPcie: 0,
      aggregateUncBucketMcu: 0,
      aggregateUncBucketOther: 0,
      bThresholdExceeded: 0,
    },
  });
  gpu.answerEach({
    nvmlDeviceGetInforomVersion: { 0: '2.0', 1: '6.16', 2: NONE, 3: NONE },
    nvmlDeviceGetTemperatureThreshold: thresholds({ 0: 92, 1: 89, 2: 95, 3: 85 }),
    nvmlDeviceGetApplicationsClock: { 0: 1095, 1: 1095, 2: 1215 },
    nvmlDeviceGetDefaultApplicationsClock: { 0: 1095, 1: 1095, 2: 1215 },
    nvmlDeviceGetMaxCustomerBoostClock: { 0: 1410, 1: 1410 },
  });
  gpu.fields({
    [nvml.NVML_FI_DEV_MEMORY_TEMP]: u32(49),
    [nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION]: u64(871_220_104),
    [nvml.NVML_FI_DEV_REMAPPED_COR]: u64(0),
    [nvml.NVML_FI_DEV_REMAPPED_UNC]: u64(0),
    [nvml.NVML_FI_DEV_REMAPPED_PENDING]: u64(0),
    [nvml.NVML_FI_DEV_REMAPPED_FAILURE]: u64(0),
  });
  const processes = INSTANCES.flatMap(({ id, compute }) =>
    compute.flatMap((ci) => ci.processes.map((process) => ({ ...process, gi: id, ci: ci.id }))),
  );
  runs(gpu, 'Compute', processes);
  describeGpuProfiles(gpu);
  const devices = INSTANCES.flatMap((instance) => instance.compute.map((ci) => ({ instance, ci })));
  devices.forEach(({ instance, ci }, index) => {
    describeMigDevice(gpu, index, instance, ci);
  });
  for (let index = devices.length; index < MAX_MIG_DEVICES; index++) {
    machine.set('nvmlDeviceGetMigDeviceHandleByIndex', `${gpu.name},${index}`, refusal('NOT_FOUND'));
  }
  for (const instance of INSTANCES) describeInstance(gpu, instance);
  machine.forgetPciFiles();
  addPciFiles(machine, identity, '/sys/devices/pci0000:00/0000:00:04.0', -1, '0-15');
  return machine.built(
    'A100-SXM4-40GB with MIG, driver 580.159.04; built from public outputs and the form of an H100 recording',
  );
}
