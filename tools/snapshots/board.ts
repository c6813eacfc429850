/** GPUs other than Hopper: what the recording of an H100 answers for any GPU, and the tables that all of them have. */
import type { Json } from '../../src/nvml/answer.js';
import * as nvml from '../../src/nvml/generated/constants.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { type ByArguments, type Gpu, type Machine, MIB, NONE, powerLimits, u32, u64 } from './machine.js';

/** Answers that do not depend on the kind of GPU, or say that there is nothing. */
export const ANY_GPU: readonly FunctionName[] = [
  'nvmlDeviceGetAPIRestriction',
  'nvmlDeviceGetAccountingBufferSize',
  'nvmlDeviceGetAccountingMode',
  'nvmlDeviceGetAccountingPids',
  'nvmlDeviceGetBusType',
  'nvmlDeviceGetCapabilities',
  'nvmlDeviceGetComputeInstanceId',
  'nvmlDeviceGetComputeMode',
  'nvmlDeviceGetComputeRunningProcesses',
  'nvmlDeviceGetComputeRunningProcesses_v2',
  'nvmlDeviceGetComputeRunningProcesses_v3',
  'nvmlDeviceGetConfComputeProtectedMemoryUsage',
  'nvmlDeviceGetCpuAffinity',
  'nvmlDeviceGetCpuAffinityWithinScope',
  'nvmlDeviceGetDecoderUtilization',
  'nvmlDeviceGetDeviceHandleFromMigDeviceHandle',
  'nvmlDeviceGetDisplayActive',
  'nvmlDeviceGetDisplayMode',
  'nvmlDeviceGetDynamicPstatesInfo',
  'nvmlDeviceGetEncoderCapacity',
  'nvmlDeviceGetEncoderSessions',
  'nvmlDeviceGetEncoderStats',
  'nvmlDeviceGetEncoderUtilization',
  'nvmlDeviceGetFBCSessions',
  'nvmlDeviceGetFBCStats',
  'nvmlDeviceGetGpuInstanceId',
  'nvmlDeviceGetGraphicsRunningProcesses',
  'nvmlDeviceGetGraphicsRunningProcesses_v2',
  'nvmlDeviceGetGraphicsRunningProcesses_v3',
  'nvmlDeviceGetGridLicensableFeatures',
  'nvmlDeviceGetGridLicensableFeatures_v2',
  'nvmlDeviceGetGridLicensableFeatures_v3',
  'nvmlDeviceGetGridLicensableFeatures_v4',
  'nvmlDeviceGetGspFirmwareMode',
  'nvmlDeviceGetGspFirmwareVersion',
  'nvmlDeviceGetInforomConfigurationChecksum',
  'nvmlDeviceGetIrqNum',
  'nvmlDeviceGetJpgUtilization',
  'nvmlDeviceGetMPSComputeRunningProcesses',
  'nvmlDeviceGetMPSComputeRunningProcesses_v2',
  'nvmlDeviceGetMPSComputeRunningProcesses_v3',
  'nvmlDeviceGetMaxMigDeviceCount',
  'nvmlDeviceGetMemoryAffinity',
  'nvmlDeviceGetMultiGpuBoard',
  'nvmlDeviceGetNumFans',
  'nvmlDeviceGetOfaUtilization',
  'nvmlDeviceGetP2PStatus',
  'nvmlDeviceGetPcieReplayCounter',
  'nvmlDeviceGetPersistenceMode',
  'nvmlDeviceGetPowerManagementMode',
  'nvmlDeviceGetPowerSource',
  'nvmlDeviceGetProcessUtilization',
  'nvmlDeviceGetProcessesUtilizationInfo',
  'nvmlDeviceGetRepairStatus',
  'nvmlDeviceGetRunningProcessDetailList',
  'nvmlDeviceGetSamples',
  'nvmlDeviceGetSupportedClocksEventReasons',
  'nvmlDeviceGetSupportedClocksThrottleReasons',
  'nvmlDeviceGetSupportedEventTypes',
  'nvmlDeviceGetTopologyCommonAncestor',
  'nvmlDeviceGetTopologyNearestGpus',
  'nvmlDeviceGetViolationStatus',
  'nvmlDeviceGetVirtualizationMode',
  'nvmlDeviceIsMigDeviceHandle',
  'nvmlDeviceOnSameBoard',
  'nvmlDeviceQueryDrainState',
  'nvmlDeviceValidateInforom',
];

/** Graphics, SM, memory and video clock in MHz, as nvmlClockType_t counts them. */
type Clocks = readonly [graphics: number, sm: number, memory: number, video: number];

/** What every GPU has, in the units of the names. */
export interface Board {
  readonly clocks: Clocks;
  readonly maxClocks: Clocks;
  /** Graphics clocks by memory clock, as first, last; 15 MHz apart. */
  readonly supportedClocks: readonly (readonly [memory: number, first: number, last: number])[];
  readonly memoryMib: { readonly total: number; readonly reserved: number; readonly used: number };
  readonly bar1Mib: { readonly total: number; readonly used: number };
  readonly celsius: number;
  readonly milliwatts: number;
  readonly limits: { readonly least: number; readonly most: number; readonly set: number };
  readonly pcie: {
    readonly generation: number;
    readonly maxGeneration: number;
    readonly width: number;
    readonly maxWidth: number;
    readonly txKib: number;
    readonly rxKib: number;
  };
  readonly computeCapability: readonly [number, number];
  readonly percent: number;
  readonly memoryPercent: number;
  /** 0 where left out. */
  readonly encoderPercent?: number;
  readonly decoderPercent?: number;
  readonly reasons: number;
}

const byType = (values: readonly number[]): ByArguments => Object.fromEntries(values.entries());

/** Only Hopper and later report the power of the module and the memory separately. */
const POWER_OF_PARTS: ByArguments = Object.fromEntries(
  [
    nvml.NVML_FI_DEV_POWER_AVERAGE,
    nvml.NVML_FI_DEV_POWER_INSTANT,
    nvml.NVML_FI_DEV_POWER_MIN_LIMIT,
    nvml.NVML_FI_DEV_POWER_MAX_LIMIT,
    nvml.NVML_FI_DEV_POWER_DEFAULT_LIMIT,
    nvml.NVML_FI_DEV_POWER_CURRENT_LIMIT,
    nvml.NVML_FI_DEV_POWER_REQUESTED_LIMIT,
  ].flatMap((id) =>
    [nvml.NVML_POWER_SCOPE_MODULE, nvml.NVML_POWER_SCOPE_MEMORY].map((scope) => [`${id}:${scope}`, NONE]),
  ),
);

/** What the H100 says about the system, and no machine without Hopper can. */
export function withoutHopper(machine: Machine): void {
  machine.set('nvmlSystemGetConfComputeCapabilities', '', {
    cpuCaps: nvml.NVML_CC_SYSTEM_CPU_CAPS_NONE,
    gpusCaps: nvml.NVML_CC_SYSTEM_GPUS_CC_NOT_CAPABLE,
  });
  // From what NVML's documentation says of both: Hopper and newer.
  machine.set('nvmlSystemGetConfComputeKeyRotationThresholdInfo', '', NONE);
  machine.set('nvmlSystemGetNvlinkBwMode', '', NONE);
}

const SAMPLED_AT = 1795449710000000;

/** Samples that are all alike, as many and as far apart as the recording has of power and of engines. */
const series =
  (length: number, periodMicroseconds: number) =>
  (value: number): Json => [
    1,
    Array.from({ length }, (_, i) => ({
      timeStamp: SAMPLED_AT + i * periodMicroseconds,
      sampleValue: { ullVal: value },
    })),
  ];
const ofPower = series(119, 20_000);
const ofEngine = series(71, 200_000);

/** How busy the graphics engine, the memory, the video engines and the bus are. */
export const pstates = (...percents: readonly number[]): Json => ({
  flags: 0,
  utilization: percents.map((percentage) => ({
    bIsPresent: 1,
    percentage,
    incThreshold: 0,
    decThreshold: 0,
  })),
});

/** Power and engines, with the samples that the driver keeps of them. */
function beBusy(gpu: Gpu, board: Board): void {
  const { percent, memoryPercent, milliwatts, encoderPercent = 0, decoderPercent = 0 } = board;
  gpu.answer({
    nvmlDeviceGetPowerUsage: milliwatts,
    nvmlDeviceGetUtilizationRates: { gpu: percent, memory: memoryPercent },
    nvmlDeviceGetEncoderUtilization: [encoderPercent, 100000],
    nvmlDeviceGetDecoderUtilization: [decoderPercent, 100000],
    nvmlDeviceGetDynamicPstatesInfo: pstates(
      percent,
      memoryPercent,
      Math.max(encoderPercent, decoderPercent),
      0,
    ),
  });
  gpu.answerEach({
    nvmlDeviceGetSamples: {
      [`${nvml.NVML_TOTAL_POWER_SAMPLES},0`]: ofPower(milliwatts),
      [`${nvml.NVML_GPU_UTILIZATION_SAMPLES},0`]: ofEngine(percent),
      [`${nvml.NVML_MEMORY_UTILIZATION_SAMPLES},0`]: ofEngine(memoryPercent),
      [`${nvml.NVML_ENC_UTILIZATION_SAMPLES},0`]: ofEngine(encoderPercent),
      [`${nvml.NVML_DEC_UTILIZATION_SAMPLES},0`]: ofEngine(decoderPercent),
      [`${nvml.NVML_JPG_UTILIZATION_SAMPLES},0`]: ofEngine(0),
      [`${nvml.NVML_OFA_UTILIZATION_SAMPLES},0`]: ofEngine(0),
    },
  });
}

/**
 * With MIG on, the engines are not reported for the GPU (H100 with MIG, driver 590). That their samples are refused, too,
 * is inferred: no output shows `-q -d UTILIZATION` of such a GPU.
 */
export function hideEngines(gpu: Gpu): void {
  gpu.answer({
    nvmlDeviceGetUtilizationRates: NONE,
    nvmlDeviceGetEncoderUtilization: NONE,
    nvmlDeviceGetDecoderUtilization: NONE,
    nvmlDeviceGetJpgUtilization: NONE,
    nvmlDeviceGetOfaUtilization: NONE,
    nvmlDeviceGetDynamicPstatesInfo: NONE,
  });
  const kinds = [
    nvml.NVML_GPU_UTILIZATION_SAMPLES,
    nvml.NVML_MEMORY_UTILIZATION_SAMPLES,
    nvml.NVML_ENC_UTILIZATION_SAMPLES,
    nvml.NVML_DEC_UTILIZATION_SAMPLES,
    nvml.NVML_JPG_UTILIZATION_SAMPLES,
    nvml.NVML_OFA_UTILIZATION_SAMPLES,
  ];
  gpu.answerEach({ nvmlDeviceGetSamples: Object.fromEntries(kinds.map((kind) => [`${kind},0`, NONE])) });
}

/** Answers all that a Board says. */
export function describe(gpu: Gpu, board: Board): void {
  const { memoryMib, bar1Mib, limits, pcie } = board;
  withoutHopper(gpu.machine);
  beBusy(gpu, board);
  const total = memoryMib.total * MIB;
  const reserved = memoryMib.reserved * MIB;
  // Free memory is what is left of whole pages; a part of a MiB goes missing, as on every recorded GPU.
  const used = memoryMib.used * MIB;
  const free = total - reserved - used;
  gpu.answer({
    nvmlDeviceGetMemoryInfo: { total, free, used: used + reserved },
    nvmlDeviceGetMemoryInfo_v2: { version: nvml.nvmlMemory_v2, total, reserved, free, used },
    nvmlDeviceGetBAR1MemoryInfo: {
      bar1Total: bar1Mib.total * MIB,
      bar1Free: (bar1Mib.total - bar1Mib.used) * MIB,
      bar1Used: bar1Mib.used * MIB,
    },
    nvmlDeviceGetPowerManagementLimit: limits.set,
    nvmlDeviceGetEnforcedPowerLimit: limits.set,
    nvmlDeviceGetPowerManagementDefaultLimit: limits.set,
    nvmlDeviceGetPowerManagementLimitConstraints: [limits.least, limits.most],
    nvmlDeviceGetCurrPcieLinkGeneration: pcie.generation,
    nvmlDeviceGetMaxPcieLinkGeneration: pcie.maxGeneration,
    nvmlDeviceGetGpuMaxPcieLinkGeneration: pcie.maxGeneration,
    nvmlDeviceGetPcieLinkMaxSpeed: pcie.maxGeneration,
    nvmlDeviceGetCurrPcieLinkWidth: pcie.width,
    nvmlDeviceGetMaxPcieLinkWidth: pcie.maxWidth,
    nvmlDeviceGetCudaComputeCapability: board.computeCapability,
    nvmlDeviceGetCurrentClocksEventReasons: board.reasons,
    nvmlDeviceGetCurrentClocksThrottleReasons: board.reasons,
    nvmlDeviceGetSupportedMemoryClocks: board.supportedClocks.map(([memory]) => memory),
  });
  gpu.machine.forget('nvmlDeviceGetSupportedGraphicsClocks');
  gpu.answerEach({
    nvmlDeviceGetPcieThroughput: { 0: pcie.txKib, 1: pcie.rxKib },
    nvmlDeviceGetTemperature: { 0: board.celsius },
    nvmlDeviceGetTemperatureV: {
      'sensorType=0': { version: nvml.nvmlTemperature_v1, sensorType: 0, temperature: board.celsius },
    },
    nvmlDeviceGetClockInfo: byType(board.clocks),
    nvmlDeviceGetMaxClockInfo: byType(board.maxClocks),
    nvmlDeviceGetClock: Object.fromEntries(board.clocks.map((clock, type) => [`${type},0`, clock])),
    nvmlDeviceGetSupportedGraphicsClocks: Object.fromEntries(
      board.supportedClocks.map(([memory, first, last]) => [memory, steps(first, last)]),
    ),
  });
  gpu.fields({
    [nvml.NVML_FI_DEV_POWER_INSTANT]: u32(board.milliwatts),
    ...powerLimits(limits.least, limits.most, limits.set),
    ...POWER_OF_PARTS,
    [nvml.NVML_FI_DEV_PCIE_REPLAY_COUNTER]: u32(0),
    [nvml.NVML_FI_DEV_PCIE_REPLAY_ROLLOVER_COUNTER]: u32(0),
    [nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION]: u32(nvml.NVML_GPU_RECOVERY_ACTION_NONE),
    [nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP]: u64(0),
    [nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SYNC_BOOST]: u64(0),
    [nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN]: u64(0),
    [nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN]: u64(0),
    [nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN]: u64(0),
  });
}

/** 1590, 1575, 1560 ... 300. */
const steps = (first: number, last: number): readonly number[] =>
  Array.from({ length: Math.floor((first - last) / 15) + 1 }, (_, i) => first - i * 15);

/** Temperature limits by nvmlTemperatureThresholds_t; those that are left out are refused. */
export const thresholds = (known: ByArguments): ByArguments =>
  Object.fromEntries(Array.from({ length: 8 }, (_, type) => [type, known[type] ?? NONE]));

const LOCATIONS = 8;

/** Counts of memory errors, one number for corrected and uncorrected, volatile and aggregate, DRAM and SRAM. */
export function countErrors(
  gpu: Gpu,
  aggregateDram: { readonly corrected: number; readonly uncorrected: number },
): void {
  const places: ByArguments = Object.fromEntries(
    [0, 1].flatMap((severity) =>
      [0, 1].flatMap((span) =>
        Array.from({ length: LOCATIONS }, (_, place): [string, ByArguments[string]] => [
          `${severity},${span},${place}`,
          count(severity, span, place),
        ]),
      ),
    ),
  );
  function count(severity: number, span: number, place: number): ByArguments[string] {
    const aggregate = span === nvml.NVML_AGGREGATE_ECC;
    const corrected = severity === nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED;
    if (place === nvml.NVML_MEMORY_LOCATION_SRAM) return 0;
    if (place !== nvml.NVML_MEMORY_LOCATION_DRAM) return NONE;
    if (!aggregate) return 0;
    return corrected ? aggregateDram.corrected : aggregateDram.uncorrected;
  }
  gpu.answerEach({
    nvmlDeviceGetMemoryErrorCounter: places,
    nvmlDeviceGetTotalEccErrors: {
      '0,0': 0,
      '0,1': aggregateDram.corrected,
      '1,0': 0,
      '1,1': aggregateDram.uncorrected,
    },
  });
  gpu.answer({ nvmlDeviceGetEccMode: [1, 1], nvmlDeviceGetDefaultEccMode: 1 });
  gpu.fields({
    [nvml.NVML_FI_DEV_ECC_CURRENT]: u64(1),
    [nvml.NVML_FI_DEV_ECC_PENDING]: u64(1),
  });
}
