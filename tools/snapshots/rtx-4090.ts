/**
 * A GeForce RTX 4090 that draws a desktop: fan, active display, programs that draw, compute, or both. What it has
 * follows public reports of RTX 4090 and other GeForce boards; what it has not is refused, as GeForce drivers do.
 */
import * as nvml from '../../src/nvml/generated/constants.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { ANY_GPU, describe, thresholds } from './board.js';
import { gpuUuid, Machine, NONE, runs, temperatureLimits, u32, u64 } from './machine.js';
import { addPciFiles } from './nvlink.js';

const PROCESSES: Readonly<Record<number, string>> = {
  1843: '/usr/lib/xorg/Xorg',
  2077: '/usr/bin/gnome-shell',
  3350: '/opt/google/chrome/chrome',
  7712: '/home/user/.local/share/Steam/steamapps/common/Some-Very-Long-Game-Name/bin/x64/game.exe',
  9120: '/home/user/miniconda3/envs/diffusion/bin/python3',
};

export function rtx4090(): Snapshot {
  const machine = Machine.like('h100-x1');
  const [gpu] = machine.multiply(1);
  if (gpu === undefined) throw new Error('a machine without a GPU');
  gpu.has(ANY_GPU);
  const identity = {
    uuid: gpuUuid(0),
    busId: '00000000:01:00.0',
    minor: 0,
    deviceId: 0x268410de,
    subsystemId: 0x16f310de,
    subClass: 0,
  };
  machine.introduce([identity]);
  machine.nameProcesses(PROCESSES);
  describe(gpu, {
    clocks: [2520, 2520, 10251, 1950],
    maxClocks: [3105, 3105, 10501, 2415],
    supportedClocks: [
      [10501, 3105, 210],
      [10251, 3105, 210],
      [5001, 3105, 210],
      [810, 3105, 210],
      [405, 420, 210],
    ],
    memoryMib: { total: 24564, reserved: 483, used: 14921 },
    bar1Mib: { total: 32768, used: 14908 },
    celsius: 61,
    milliwatts: 342_180,
    limits: { least: 10_000, most: 600_000, set: 450_000 },
    pcie: { generation: 4, maxGeneration: 4, width: 16, maxWidth: 16, txKib: 215_420, rxKib: 1_842_110 },
    computeCapability: [8, 9],
    percent: 97,
    memoryPercent: 58,
    encoderPercent: 12,
    decoderPercent: 4,
    reasons: nvml.nvmlClocksEventReasonNone,
  });
  gpu.answer({
    nvmlDeviceGetName: 'NVIDIA GeForce RTX 4090',
    nvmlDeviceGetBrand: nvml.NVML_BRAND_GEFORCE,
    nvmlDeviceGetArchitecture: nvml.NVML_DEVICE_ARCH_ADA,
    nvmlDeviceGetVbiosVersion: '95.02.18.80.5F',
    nvmlDeviceGetInforomImageVersion: 'G002.0000.00.03',
    nvmlDeviceGetModuleId: 1,
    nvmlDeviceGetPdi: { version: nvml.nvmlPdi_v1, value: '11529215046068473858' },
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
    nvmlDeviceGetDisplayMode: 1,
    nvmlDeviceGetDisplayActive: 1,
    nvmlDeviceGetPersistenceMode: 0,
    nvmlDeviceGetVirtualizationMode: nvml.NVML_GPU_VIRTUALIZATION_MODE_NONE,
    nvmlDeviceGetNumFans: 2,
    nvmlDeviceGetFanSpeed: 47,
    nvmlDeviceGetMinMaxFanSpeed: [30, 100],
    nvmlDeviceGetPerformanceState: 2,
    nvmlDeviceGetPowerState: 2,
    // GDDR6X can be switched to ECC; it comes switched off, and then counts nothing.
    nvmlDeviceGetEccMode: [0, 0],
    nvmlDeviceGetDefaultEccMode: 0,
    nvmlDeviceGetMarginTemperature: { version: nvml.nvmlMarginTemperature_v1, marginTemperature: 22 },
    nvmlDeviceGetNumGpuCores: 16384,
    nvmlDeviceGetMemoryBusWidth: 384,
    nvmlDeviceGetTotalEnergyConsumption: 1_204_118_220,
    nvmlDeviceGetEncoderStats: [1, 60, 3411],
    nvmlDeviceGetEncoderSessions: [
      {
        sessionId: 1,
        pid: 7712,
        vgpuInstance: 0,
        codecType: nvml.NVML_ENCODER_QUERY_H264,
        hResolution: 2560,
        vResolution: 1440,
        averageFps: 60,
        averageLatency: 3411,
      },
    ],
  });
  gpu.answerEach({
    nvmlDeviceGetInforomVersion: { 0: '2.0', 1: NONE, 2: NONE, 3: NONE },
    nvmlDeviceGetTemperatureThreshold: thresholds({ 0: 90, 1: 85, 3: 83, 4: 50, 5: 83, 6: 91 }),
    nvmlDeviceGetFanSpeed_v2: { 0: 47, 1: 47 },
    nvmlDeviceGetFanSpeedRPM: {
      'fan=0': { version: nvml.nvmlFanSpeedInfo_v1, fan: 0, speed: 1622 },
      'fan=1': { version: nvml.nvmlFanSpeedInfo_v1, fan: 1, speed: 1619 },
    },
    nvmlDeviceGetTargetFanSpeed: { 0: 47, 1: 47 },
    nvmlDeviceGetFanControlPolicy_v2: { 0: 0, 1: 0 },
  });
  gpu.fields({
    [nvml.NVML_FI_DEV_ECC_CURRENT]: u64(0),
    [nvml.NVML_FI_DEV_ECC_PENDING]: u64(0),
    [nvml.NVML_FI_DEV_POWER_AVERAGE]: u32(341_020),
    [nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION]: u64(1_204_118_220),
    ...temperatureLimits(-7, -2),
    [nvml.NVML_FI_DEV_TEMPERATURE_MEM_MAX_TLIMIT]: NONE,
  });
  runs(gpu, 'Compute', [
    { pid: 7712, mib: 6144 },
    { pid: 9120, mib: 7980 },
  ]);
  runs(gpu, 'Graphics', [
    { pid: 1843, mib: 338 },
    { pid: 2077, mib: 92 },
    { pid: 3350, mib: 267 },
    { pid: 7712, mib: 6144 },
  ]);
  machine.forgetPciFiles();
  addPciFiles(machine, identity, '/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0', -1, '0-15');
  return machine.built(
    'GeForce RTX 4090 with a desktop, driver 580.159.04; built from public reports and the form of an H100 recording',
  );
}
