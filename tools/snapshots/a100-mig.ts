/**
 * An A100 that MIG divides: a 3g instance shared by two compute instances, a 2g and a 1g instance with one each, and
 * a 1g instance without any. Numbers of profiles, placements, instances and memory follow public outputs of A100s
 * with MIG (drivers 510 to 590); the rest is the recording of an H100 without what Ampere lacks.
 */
import * as nvml from '../../src/nvml/generated/constants.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { describeMigDevice } from './a100-mig-devices.js';
import { describeGpuProfiles, describeInstance } from './a100-mig-instances.js';
import { INSTANCES, NAME, PROCESSES } from './a100-mig-layout.js';
import { ANY_GPU, countErrors, describe, hideEngines, thresholds } from './board.js';
import { gpuUuid, Machine, NONE, refusal, runs, serialOf, u32, u64 } from './machine.js';
import { addPciFiles } from './nvlink.js';

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
