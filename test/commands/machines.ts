/** Made-up machines for commands whose subject the recorded machines do not have. */
import { readFileSync } from 'node:fs';
import type { Json } from '../../src/nvml/answer.js';
import type { Answers } from '../../src/nvml/answer-key.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';

type Calls = Partial<Record<FunctionName, Answers>>;

export const refused = (symbol: string): Json => ({ error: `NVML_ERROR_${symbol}` });

const uuid = (gpu: number): string =>
  `GPU-a0b1c2d${gpu}-${String(gpu + 1).repeat(4)}-4a4a-8b8b-5eed0000000${gpu}`;
const busId = (gpu: number): string => `00000000:0${gpu + 1}:00.0`;

/** A machine of equal GPUs that answers what it is given. */
export function machineWith(gpus: number, name: string, calls: Calls): Snapshot {
  const each = (answer: (gpu: number) => Json): Answers =>
    Object.fromEntries(Array.from({ length: gpus }, (_, i) => [`gpu${i}`, answer(i)]));
  const all: Calls = {
    nvmlInit_v2: { '': [] },
    nvmlDeviceGetCount_v2: { '': gpus },
    nvmlDeviceGetHandleByIndex_v2: Object.fromEntries(
      Array.from({ length: gpus }, (_, i) => [String(i), `gpu${i}`]),
    ),
    nvmlDeviceGetName: each(() => name),
    nvmlDeviceGetUUID: each(uuid),
    nvmlSystemGetDriverVersion: { '': '580.126.09' },
    nvmlDeviceGetPciInfo_v3: each((gpu) => ({
      busIdLegacy: `0000:0${gpu + 1}:00.0`,
      domain: 0,
      bus: gpu + 1,
      device: 0,
      pciDeviceId: 0x20b010de,
      pciSubSystemId: 0x134f10de,
      busId: busId(gpu),
    })),
    ...calls,
  };
  return {
    format: 'nvsmi-snapshot',
    version: 1,
    title: `${gpus} made-up ${name}`,
    origin: 'built',
    identities: 'made-up',
    files: {},
    calls: all as Snapshot['calls'],
  };
}

/** The bundled machine with two H200s, to be changed by a test. */
export const h200x2 = (): Snapshot =>
  JSON.parse(readFileSync(new URL('../../snapshots/h200-x2.json', import.meta.url), 'utf8'));

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

const VGPU = 3251637566;
const IDLE_VGPU = 3251637554;

const NEVER = { year: 0, month: 0, day: 0, hour: 0, min: 0, sec: 0, status: 0 };

/** A vGPU host: the first GPU runs two vGPUs, the second none. Values of a public log of driver 580.105.08. */
export function vgpuHost(): Snapshot {
  const mib = 1024 * 1024;
  return machineWith(2, 'NVIDIA RTX PRO 6000 Blackwell Server Edition', {
    nvmlSystemGetDriverVersion: { '': '580.105.08' },
    nvmlDeviceGetVirtualizationMode: { gpu0: 3, gpu1: 3 },
    nvmlDeviceGetUtilizationRates: { gpu0: { gpu: 12, memory: 7 }, gpu1: { gpu: 0, memory: 0 } },
    nvmlDeviceGetAccountingBufferSize: { gpu0: 4000, gpu1: 4000 },
    nvmlDeviceGetActiveVgpus: { gpu0: [IDLE_VGPU, VGPU], gpu1: [] },
    nvmlDeviceGetSupportedVgpus: { gpu0: [1519, 1520], gpu1: [1519] },
    nvmlDeviceGetCreatableVgpus: { gpu0: [1519], gpu1: [] },
    nvmlVgpuTypeGetName: {
      1519: 'NVIDIA RTX Pro 6000 Blackwell DC-3Q',
      1520: 'NVIDIA RTX Pro 6000 Blackwell DC-6Q',
    },
    nvmlVgpuTypeGetClass: { 1519: 'Quadro' },
    nvmlVgpuTypeGetGpuInstanceProfileId: { 1519: 0xffffffff },
    nvmlVgpuTypeGetMaxInstances: { 'gpu0,1519': 32 },
    nvmlVgpuTypeGetMaxInstancesPerVm: { 1519: 16 },
    nvmlVgpuTypeGetDeviceID: { 1519: [0x2bb510de, 0x20f210de] },
    nvmlVgpuTypeGetFramebufferSize: { 1519: 3072 * mib },
    nvmlVgpuTypeGetNumDisplayHeads: { 1519: 4 },
    nvmlVgpuTypeGetResolution: { '1519,0': [7680, 4320] },
    nvmlVgpuTypeGetFrameRateLimit: { 1519: 60 },
    nvmlVgpuTypeGetLicense: { 1519: 'NVIDIA-RTX-Virtual-Workstation,5.0' },
    nvmlVgpuInstanceGetVmID: {
      [IDLE_VGPU]: ['083bc63f-0a3c-4647-9bb4-27f905b7d7bb', 1],
      [VGPU]: ['f0adb76f-7612-4c68-84b4-375a4e6c5476', 1],
    },
    nvmlVgpuInstanceGetType: { [IDLE_VGPU]: 1519, [VGPU]: 1519 },
    nvmlVgpuInstanceGetUUID: {
      [IDLE_VGPU]: 'c47a3625-859f-11f1-84fe-7572c7d51d3e',
      [VGPU]: '094593d6-85a0-11f1-802e-72c7d51d3e72',
    },
    nvmlVgpuInstanceGetVmDriverVersion: { [IDLE_VGPU]: refused('NOT_SUPPORTED'), [VGPU]: '580.105.08' },
    nvmlVgpuInstanceGetLicenseInfo_v2: {
      [IDLE_VGPU]: { isLicensed: 0, licenseExpiry: NEVER, currentState: 0 },
      [VGPU]: { isLicensed: 0, licenseExpiry: NEVER, currentState: 2 },
    },
    nvmlVgpuInstanceGetPlacementId: {
      [IDLE_VGPU]: { version: 16777224, placementId: 0 },
      [VGPU]: { version: 16777224, placementId: 3 },
    },
    nvmlVgpuInstanceGetGpuPciId: { [IDLE_VGPU]: '00000000:00:00.0', [VGPU]: '00000000:00:05.0' },
    nvmlVgpuInstanceGetFbUsage: { [IDLE_VGPU]: 128 * mib, [VGPU]: 128 * mib },
    nvmlVgpuInstanceGetEncoderStats: { [VGPU]: [2, 30, 1500] },
    nvmlVgpuInstanceGetFBCStats: { [VGPU]: { sessionsCount: 1, averageFPS: 25, averageLatency: 39964 } },
    nvmlVgpuInstanceGetEncoderSessions: {
      [IDLE_VGPU]: [],
      [VGPU]: [
        {
          sessionId: 2,
          pid: 2308,
          vgpuInstance: VGPU,
          codecType: 0,
          hResolution: 1920,
          vResolution: 1080,
          averageFps: 424,
          averageLatency: 1977,
        },
      ],
    },
    nvmlDeviceGetVgpuUtilization: {
      'gpu0,0': [
        1,
        [
          {
            vgpuInstance: VGPU,
            timeStamp: 1,
            smUtil: { ullVal: 12 },
            memUtil: { ullVal: 7 },
            encUtil: { ullVal: 0 },
            decUtil: { ullVal: 0 },
          },
        ],
      ],
      'gpu1,0': [1, []],
    },
    nvmlDeviceGetVgpuProcessUtilization: {
      'gpu0,0': [
        {
          vgpuInstance: VGPU,
          pid: 1528,
          processName: 'dwm.exe',
          timeStamp: 1,
          smUtil: 3,
          memUtil: 2,
          encUtil: 0,
          decUtil: 0,
        },
      ],
      'gpu1,0': [],
    },
    nvmlDeviceGetVgpuSchedulerState: {
      gpu0: {
        schedulerPolicy: 2,
        arrMode: 2,
        schedulerParams: { vgpuSchedDataWithARR: { avgFactor: 33, timeslice: 2000000 } },
      },
    },
    nvmlDeviceGetVgpuSchedulerLog: {
      gpu0: {
        engineId: 1,
        schedulerPolicy: 2,
        arrMode: 1,
        schedulerParams: { vgpuSchedData: { timeslice: 3000000 } },
        entriesCount: 2,
        logEntries: [
          turn(1, { timestamp: 9000, timeRunTotal: 5000, timeRun: 2000, cumulativePreemptionTime: 10 }),
          turn(2, { timestamp: 9500, timeRunTotal: 700, timeRun: 500, cumulativePreemptionTime: 20 }),
        ],
      },
      gpu1: refused('NOT_SUPPORTED'),
    },
    nvmlDeviceGetVgpuSchedulerCapabilities: {
      gpu0: {
        supportedSchedulers: [1, 2, 3],
        maxTimeslice: 30000000,
        minTimeslice: 1000000,
        isArrModeSupported: 1,
        maxFrequencyForARR: 960,
        minFrequencyForARR: 63,
        maxAvgFactorForARR: 60,
        minAvgFactorForARR: 1,
      },
    },
    nvmlDeviceGetVgpuHeterogeneousMode: {
      gpu0: { version: 16777224, mode: 1 },
      gpu1: { version: 16777224, mode: 0 },
    },
    nvmlDeviceGetVgpuMetadata: {
      gpu0: { version: 2, revision: 4, hostDriverVersion: '580.105.08', pgpuVirtualizationCaps: 1 },
      gpu1: refused('NOT_SUPPORTED'),
    },
  });
}

const turn = (swRunlistId: number, times: Readonly<Record<string, number>>) => ({
  swRunlistId,
  targetTimeSlice: 3000000,
  ...times,
});

/** An answer for every number that a sample's handle may have. */
const measured = (...ids: readonly number[]): Answers =>
  Object.fromEntries(
    Array.from({ length: 32 }, (_, i) => i << 8).map((sample) => [
      [
        `numMetrics=${ids.length},sample1=${sample},sample2=${sample}`,
        ...ids.map((id, i) => `metric${i}=${id}`),
      ].join(),
      {
        version: 1,
        numMetrics: ids.length,
        metrics: ids.map((metricId) => ({ metricId, nvmlReturn: 0, value: metricId === 1 ? 99.7 : 41.2 })),
      },
    ]),
  );

/** The same host with the first GPU cut into instances; a vGPU runs on instance 2, and 3 has room for one. */
export function migVgpuHost(): Snapshot {
  const machine = vgpuHost();
  const calls: Calls = {
    nvmlDeviceGetMigMode: { gpu0: [1, 1], gpu1: [0, 0] },
    nvmlDeviceGetGpuInstanceById: { 'gpu0,2': 'gpu0/gi2', 'gpu0,3': 'gpu0/gi3' },
    nvmlVgpuInstanceGetGpuInstanceId: { [VGPU]: 2 },
    nvmlDeviceGetMaxMigDeviceCount: { gpu0: 1, gpu1: 0 },
    nvmlDeviceGetMigDeviceHandleByIndex: { 'gpu0,0': 'gpu0/mig0' },
    nvmlDeviceGetGpuInstanceId: { 'gpu0/mig0': 2 },
    nvmlDeviceGetComputeInstanceId: { 'gpu0/mig0': 0 },
    nvmlGpuInstanceGetCreatableVgpus: {
      'gpu0/gi3': { version: 16777232, vgpuCount: 1, vgpuTypeIds: [1520] },
    },
    nvmlGpuInstanceGetVgpuSchedulerState: {
      'gpu0/gi2,engineId=1': {
        engineId: 1,
        schedulerPolicy: 3,
        arrMode: 1,
        schedulerParams: { vgpuSchedData: { timeslice: 4000000 } },
      },
    },
    nvmlGpuInstanceGetVgpuSchedulerLog: {
      'gpu0/gi2,engineId=1': {
        engineId: 1,
        schedulerPolicy: 3,
        arrMode: 1,
        schedulerParams: { vgpuSchedData: { timeslice: 4000000 } },
        entriesCount: 1,
        logEntries: [turn(7, { timestamp: 4, timeRunTotal: 3, timeRun: 2, cumulativePreemptionTime: 1 })],
      },
      'gpu0/gi3,engineId=1': refused('NOT_SUPPORTED'),
    },
    nvmlGpuInstanceGetVgpuHeterogeneousMode: { 'gpu0/gi2': { version: 16777224, mode: 1 } },
    nvmlGpmQueryDeviceSupport: { gpu0: { version: 1, isSupportedDevice: 1 } },
    nvmlGpmSampleAlloc: { '': 'sample' },
    nvmlGpmSampleFree: { sample: [] },
    nvmlGpmMigSampleGet: { 'gpu0,2,sample': [] },
    nvmlGpmMetricsGet: measured(1, 10),
  };
  return { ...machine, calls: { ...machine.calls, ...(calls as Snapshot['calls']) } };
}

const mask = (...ids: readonly number[]): Json => ({
  mask: ids.reduce<number[]>(
    (all, id) => all.map((bits, word) => (word === id >> 5 ? bits + 2 ** (id & 31) : bits)),
    [0, 0, 0, 0, 0, 0, 0, 0],
  ),
});

/** Two GB200s with the workload power profiles of a public listing of driver 580.65.06; one of them was asked for. */
export function gb200(): Snapshot {
  const ids = [0, 1, 2, 3, 5, 6, 7, 13];
  const perfProfile = Array.from({ length: 14 }, (_, id) => ({
    version: 0,
    profileId: ids.includes(id) ? id : 0,
    priority: ids.includes(id) ? 10 * (id + 1) : 0,
    conflictingMask: id === 0 ? mask(1, 5) : mask(),
  }));
  const info = { version: 16788472, perfProfilesMask: mask(...ids), perfProfile };
  const current = (...requested: readonly number[]): Json => ({
    version: 16777316,
    perfProfilesMask: mask(...ids),
    requestedProfilesMask: mask(...requested),
    enforcedProfilesMask: mask(...requested.slice(0, 1)),
  });
  return machineWith(2, 'NVIDIA GB200', {
    nvmlDeviceWorkloadPowerProfileGetProfilesInfo: { gpu0: info, gpu1: info },
    nvmlDeviceWorkloadPowerProfileGetCurrentProfiles: { gpu0: current(6, 13), gpu1: current() },
    nvmlDeviceGetFieldValues: {
      'gpu0,259': { type: 1, value: 2 },
      ...Object.fromEntries(
        [260, 261, 262, 263, 281, 282, 283].flatMap((field) =>
          [0, 1].map((profile) => [
            `gpu0,${field}${profile === 0 ? '' : ':1'}`,
            { type: 1, value: field * 10 + profile },
          ]),
        ),
      ),
      'gpu0,284': refused('NOT_SUPPORTED'),
      'gpu1,259': refused('NO_PERMISSION'),
    },
  });
}

/** A machine whose second of two GPUs fell off the bus. */
export function withLostGpu(machine: Snapshot): Snapshot {
  const calls: Snapshot['calls'] = {
    ...machine.calls,
    nvmlDeviceGetCount_v2: { '': 2 },
    nvmlDeviceGetHandleByIndex_v2: { 0: 'gpu0', 1: refused('GPU_IS_LOST') },
  };
  return { ...machine, calls };
}
