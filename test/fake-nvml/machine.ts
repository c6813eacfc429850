/** A made-up machine with two GPUs, one of them with a MIG device: enough of every form that an answer takes. */
import { SNAPSHOT_VERSION, type Snapshot } from '../../src/snapshot/snapshot.js';

const MIB = 1024 * 1024;

const pci = (bus: number): Snapshot['calls'][string][string] => ({
  busIdLegacy: `0000:0${bus}:00.0`,
  domain: 0,
  bus,
  device: 0,
  pciDeviceId: 0x233010de,
  pciSubSystemId: 0x16c110de,
  busId: `00000000:0${bus}:00.0`,
});

const processes = (count: number): Snapshot['calls'][string][string] =>
  Array.from({ length: count }, (_, i) => ({
    pid: 1000 + i,
    usedGpuMemory: (i + 1) * 512 * MIB,
    gpuInstanceId: 4294967295,
    computeInstanceId: 4294967295,
  }));

const refused = { error: 'NVML_ERROR_NOT_SUPPORTED' };

export const machine: Snapshot = {
  format: 'nvsmi-snapshot',
  version: SNAPSHOT_VERSION,
  title: 'two made-up GPUs',
  origin: 'built',
  identities: 'made-up',
  files: {},
  calls: {
    nvmlInit_v2: { '': [] },
    nvmlSystemGetDriverVersion: { '': '580.00.01' },
    nvmlSystemGetNVMLVersion: { '': '13.580.00.01' },
    nvmlSystemGetCudaDriverVersion_v2: { '': 13000 },
    nvmlErrorString: { '3': 'Not Supported' },
    nvmlDeviceGetCount_v2: { '': 2 },
    nvmlDeviceGetHandleByIndex_v2: { '0': 'gpu0', '1': 'gpu1' },
    nvmlDeviceGetHandleByUUID: { 'GPU-00000000-0000-4000-8000-000000000001': 'gpu1' },
    nvmlDeviceGetIndex: { gpu0: 0, gpu1: 1, 'gpu1/mig0': 0 },
    nvmlDeviceIsMigDeviceHandle: { gpu0: 0, gpu1: 0, 'gpu1/mig0': 1 },
    nvmlDeviceGetMaxMigDeviceCount: { gpu0: 0, gpu1: 2 },
    nvmlDeviceGetMigDeviceHandleByIndex: {
      'gpu1,0': 'gpu1/mig0',
      'gpu1,1': { error: 'NVML_ERROR_NOT_FOUND' },
    },
    nvmlDeviceGetGpuInstanceById: { 'gpu1,1': 'gpu1/gi1' },
    nvmlGpuInstanceGetInfo: {
      'gpu1/gi1': { device: 'gpu1', id: 1, profileId: 9, placement: { start: 0, size: 4 } },
    },
    nvmlDeviceGetName: {
      gpu0: 'NVIDIA Made-Up 100',
      gpu1: 'NVIDIA Größe 200',
      'gpu1/mig0': 'NVIDIA Größe 200 MIG 3g.40gb',
    },
    nvmlDeviceGetUUID: {
      gpu0: 'GPU-00000000-0000-4000-8000-000000000000',
      gpu1: 'GPU-00000000-0000-4000-8000-000000000001',
      'gpu1/mig0': 'MIG-00000000-0000-4000-8000-000000000002',
    },
    nvmlDeviceGetSerial: { gpu0: '1000000000001', gpu1: refused },
    nvmlDeviceGetGspFirmwareVersion: { gpu0: '580.00.01' },
    nvmlVgpuTypeGetName: { '17': 'GRID Made-Up 4Q' },
    nvmlDeviceGetCudaComputeCapability: { gpu0: [9, 0], gpu1: [10, 3] },
    nvmlDeviceGetPciInfo_v3: { gpu0: pci(1), gpu1: pci(2) },
    nvmlDeviceGetTemperature: { 'gpu0,0': 31, 'gpu1,0': 45 },
    nvmlDeviceGetTemperatureV: { 'gpu0,sensorType=0': { version: 16777228, sensorType: 0, temperature: -4 } },
    nvmlDeviceGetThermalSettings: {
      'gpu0,15': {
        count: 1,
        sensor: [{ controller: 1, defaultMinTemp: -40, defaultMaxTemp: 127, currentTemp: 31, target: 1 }],
      },
    },
    nvmlDeviceGetUtilizationRates: { gpu0: { gpu: 0, memory: 0 }, gpu1: { gpu: 97, memory: 41 } },
    nvmlDeviceGetEncoderUtilization: { gpu0: [0, 16667], gpu1: [12, 16667] },
    nvmlDeviceGetClockInfo: { 'gpu0,0': 345, 'gpu0,1': 345, 'gpu0,2': 2619, 'gpu0,3': 765 },
    nvmlDeviceGetClockOffsets: {
      'gpu0,type=0,pstate=0': {
        version: 16777240,
        type: 0,
        pstate: 0,
        clockOffsetMHz: -15,
        minClockOffsetMHz: -1000,
        maxClockOffsetMHz: 1000,
      },
      'gpu0,type=2,pstate=0': refused,
    },
    nvmlDeviceGetMemoryInfo: { gpu0: { total: 85899345920, free: 85899345920 - 512 * MIB, used: 512 * MIB } },
    nvmlDeviceGetMemoryInfo_v2: {
      gpu0: {
        version: 33554472,
        total: 85899345920,
        reserved: 500 * MIB,
        free: 85899345920 - 512 * MIB,
        used: 12 * MIB,
      },
      gpu1: refused,
    },
    nvmlDeviceGetTotalEnergyConsumption: { gpu0: 123456789012, gpu1: '18446744073709551614' },
    nvmlDeviceGetPowerUsage: { gpu0: 71234, gpu1: 699999 },
    nvmlDeviceGetPcieThroughput: { 'gpu0,0': 100, 'gpu0,1': 200, 'gpu1,0': 300, 'gpu1,1': 400 },
    nvmlDeviceGetSupportedMemoryClocks: { gpu0: [2619, 1593], gpu1: [] },
    nvmlDeviceGetSupportedPerformanceStates: { gpu0: [0, 2, ...Array.from({ length: 14 }, () => 32)] },
    nvmlDeviceGetCpuAffinity: { gpu0: ['18446744073709551615', 4294967295] },
    nvmlDeviceGetMemoryAffinity: { 'gpu0,0': [1] },
    nvmlDeviceGetComputeRunningProcesses_v3: { gpu0: [], gpu1: processes(100) },
    nvmlDeviceGetProcessUtilization: {
      'gpu1,0': [
        { pid: 1000, timeStamp: 1_790_000_000_000_000, smUtil: 90, memUtil: 40, encUtil: 0, decUtil: 0 },
      ],
    },
    nvmlDeviceGetRetiredPages_v2: {
      'gpu0,0': [
        [4096, 8192],
        [1_790_000_000, 1_790_000_001],
      ],
    },
    nvmlDeviceGetRunningProcessDetailList: {
      'gpu1,mode=0': {
        version: 16777240,
        mode: 0,
        numProcArrayEntries: 40,
        procArray: Array.from({ length: 40 }, (_, i) => ({
          pid: 1000 + i,
          usedGpuMemory: MIB,
          gpuInstanceId: 1,
          computeInstanceId: 2,
          usedGpuCcProtectedMemory: 0,
        })),
      },
    },
    nvmlDeviceGetTopologyNearestGpus: { 'gpu0,50': ['gpu1'] },
    nvmlDeviceGetTopologyCommonAncestor: { 'gpu0,gpu1': 50, 'gpu1,gpu0': 50 },
    nvmlDeviceGetFieldValues: {
      'gpu0,52': { type: 1, value: 31 },
      'gpu0,83': { type: 3, value: '18446744073709551615' },
      'gpu0,186:1': { type: 1, value: 70000 },
      'gpu0,20': { type: 0, value: 0.5 },
      'gpu0,21': { type: 2, value: 4294967296 },
      'gpu0,22': { type: 4, value: -5000000000 },
      'gpu0,23': { type: 5, value: -5 },
      'gpu0,24': { type: 6, value: 65535 },
      'gpu0,25': refused,
      'gpu1,52': { type: 1, value: 45 },
    },
  },
};
