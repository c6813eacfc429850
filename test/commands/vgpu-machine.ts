/** Made-up hosts of vGPUs. */
import type { Answers } from '../../src/snapshot/answer-key.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { type Calls, machineWith, refused } from './made-machine.js';

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
