/**
 * A Tesla T4, as a public report of one shows it: error counters as they were before Ampere, retired pages, no fan,
 * 70 W. The retired pages are made up: two for single-bit errors, one for a double-bit error.
 */
import * as nvml from '../../src/nvml/generated/constants.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { ANY_GPU, countErrors, describe, thresholds } from './board.js';
import { gpuUuid, Machine, NONE, serialOf, u32, u64 } from './machine.js';
import { addPciFiles } from './nvlink.js';

const SINGLE_BIT = [0x1a3f2c, 0x2b0011];
const DOUBLE_BIT = [0x3c07d4];
const RETIRED_AT = 1780000000;

export function t4(): Snapshot {
  const machine = Machine.like('h100-x1');
  const [gpu] = machine.multiply(1);
  if (gpu === undefined) throw new Error('a machine without a GPU');
  gpu.has(ANY_GPU);
  const identity = {
    uuid: gpuUuid(0),
    serial: serialOf(0),
    busId: '00000000:00:1E.0',
    minor: 0,
    deviceId: 0x1eb810de,
    subsystemId: 0x12a210de,
  };
  machine.introduce([identity]);
  describe(gpu, {
    clocks: [300, 300, 405, 540],
    maxClocks: [1590, 1590, 5001, 1470],
    supportedClocks: [
      [5001, 1590, 300],
      [405, 645, 300],
    ],
    memoryMib: { total: 15360, reserved: 448, used: 0 },
    bar1Mib: { total: 256, used: 2 },
    celsius: 33,
    milliwatts: 13_510,
    limits: { least: 60_000, most: 70_000, set: 70_000 },
    pcie: { generation: 1, maxGeneration: 3, width: 8, maxWidth: 16, txKib: 439, rxKib: 292 },
    computeCapability: [7, 5],
    percent: 0,
    memoryPercent: 0,
    reasons: nvml.nvmlClocksEventReasonGpuIdle,
  });
  countErrors(gpu, { corrected: 2, uncorrected: 1 });
  gpu.answer({
    nvmlDeviceGetName: 'Tesla T4',
    nvmlDeviceGetBrand: nvml.NVML_BRAND_NVIDIA,
    nvmlDeviceGetArchitecture: nvml.NVML_DEVICE_ARCH_TURING,
    nvmlDeviceGetBoardPartNumber: '900-2G183-A800-001',
    nvmlDeviceGetVbiosVersion: '90.04.96.00.02',
    nvmlDeviceGetInforomImageVersion: 'G183.0200.00.02',
    nvmlDeviceGetModuleId: 1,
    nvmlDeviceGetPdi: { version: nvml.nvmlPdi_v1, value: '11529215046068473857' },
    nvmlDeviceGetPlatformInfo: {
      version: nvml.nvmlPlatformInfo_v2,
      ibGuid: [],
      chassisSerialNumber: [],
      slotNumber: 0,
      trayIndex: 0,
      hostId: 1,
      peerType: 0,
      moduleId: 1,
    },
    nvmlDeviceGetAddressingMode: {
      version: nvml.nvmlDeviceAddressingMode_v1,
      value: nvml.NVML_DEVICE_ADDRESSING_MODE_HMM,
    },
    nvmlDeviceGetPerformanceState: 8,
    nvmlDeviceGetPowerState: 8,
    nvmlDeviceGetNumGpuCores: 2560,
    nvmlDeviceGetMemoryBusWidth: 256,
    nvmlDeviceGetRetiredPagesPendingStatus: 0,
    nvmlDeviceGetTotalEnergyConsumption: 96_502_113,
  });
  gpu.answerEach({
    nvmlDeviceGetInforomVersion: { 0: '1.1', 1: '5.0', 2: NONE, 3: NONE },
    nvmlDeviceGetTemperatureThreshold: thresholds({ 0: 96, 1: 93, 3: 85 }),
    nvmlDeviceGetApplicationsClock: { 0: 585, 1: 585, 2: 5001 },
    nvmlDeviceGetDefaultApplicationsClock: { 0: 585, 1: 585, 2: 5001 },
    nvmlDeviceGetMaxCustomerBoostClock: { 0: 1590, 1: 1590 },
    nvmlDeviceGetRetiredPages: { 0: SINGLE_BIT, 1: DOUBLE_BIT },
    nvmlDeviceGetRetiredPages_v2: {
      0: [SINGLE_BIT, SINGLE_BIT.map((_, i) => RETIRED_AT + i * 86_400)],
      1: [DOUBLE_BIT, DOUBLE_BIT.map(() => RETIRED_AT)],
    },
  });
  gpu.fields({
    [nvml.NVML_FI_DEV_RETIRED_SBE]: u64(SINGLE_BIT.length),
    [nvml.NVML_FI_DEV_RETIRED_DBE]: u64(DOUBLE_BIT.length),
    [nvml.NVML_FI_DEV_RETIRED_PENDING]: u64(0),
    [nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION]: u64(96_502_113),
    [nvml.NVML_FI_DEV_PCIE_COUNT_CORRECTABLE_ERRORS]: u32(0),
  });
  machine.forgetPciFiles();
  addPciFiles(machine, identity, '/sys/devices/pci0000:00/0000:00:1e.0', -1, '0-15');
  return machine.built(
    'Tesla T4, driver 580.159.04; built from a public report and the form of an H100 recording',
  );
}
