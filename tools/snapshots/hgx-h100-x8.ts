/** What NVML answers about the GPUs of the HGX board as they do what hgx-h100-x8-load.ts computes, moment by moment. */

import * as nvml from '../../src/nvml/generated/constants.js';
import type { Json } from '../../src/snapshot/answer.js';
import { LOADS, type Load, loadsOver } from './hgx-h100-x8-load.js';
import type { Machine } from './machine.js';

const MIB = 1024 * 1024;
const LINKS = 18;
const SAMPLED_AT = 1795446000000000;
const REFERENCE_TIME = 1795449724035990;
/** A second of the eight is 22 KiB. */
const SECONDS = 20;

/** A GPU and what it is doing. */
interface Busy {
  readonly index: number;
  readonly load: Load;
}

/** function → what follows the GPU in the key → answer. */
type Tables = Readonly<Record<string, Readonly<Record<string, Json>>>>;

const u32 = (value: number): Json => ({ type: 1, value });
const u64 = (value: number): Json => ({ type: 3, value });
const i32 = (value: number): Json => ({ type: 5, value });

/** Microseconds since the epoch. */
const timeOf = ({ seconds }: Load): number => SAMPLED_AT + seconds * 1e6;

const energyOf = ({ index, load }: Busy): number =>
  4_210_000_000 + index * 81_345_120 + Math.round(load.joules * 1000);

/** The machine at its first moment, and at each second after it. */
export function work(machine: Machine): void {
  const at = (loads: readonly Load[], isFirst: boolean): void => {
    for (const [index, load] of loads.entries()) {
      const busy = { index, load };
      const parts: readonly Tables[] = [
        ofBoard(busy, memoryOf(machine, load)),
        ofProcesses(busy),
        ofMetrics(busy),
        ...(load.inStep ? [ofTraffic(load)] : []),
        ...(load.inStep && !isFirst ? [ofLimits(load)] : []),
      ];
      for (const tables of parts) answer(machine, `gpu${index}`, tables);
    }
    machine.moment((loads[0]?.seconds ?? 0) * 1000);
  };
  at(LOADS, true);
  for (const loads of loadsOver(SECONDS)) at(loads, false);
}

function answer(machine: Machine, gpu: string, tables: Tables): void {
  for (const [fn, answers] of Object.entries(tables)) {
    for (const [rest, value] of Object.entries(answers))
      machine.set(fn, rest === '' ? gpu : `${gpu},${rest}`, value);
  }
}

interface Memory {
  readonly total: number;
  readonly reserved: number;
  readonly free: number;
  readonly used: number;
}

/** 479 MiB of 81559 are the driver's (H100, 580.159.04). */
function memoryOf(machine: Machine, { processes }: Load): Memory {
  const { total, reserved } = machine.answerOf('nvmlDeviceGetMemoryInfo_v2', 'gpu0') as unknown as Memory;
  const held = processes.reduce((sum, { mib }) => sum + mib, 0);
  const used = held === 0 ? 0 : (held + 9) * MIB;
  return { total, reserved, free: total - reserved - used, used };
}

/** Memory, power, clocks, temperature and engines. */
function ofBoard(busy: Busy, { total, reserved, free, used }: Memory): Tables {
  const { index, load } = busy;
  const { percent, memoryPercent, megahertz, reasons } = load;
  const celsius = Math.round(load.celsius);
  const milli = (watts: number): number => Math.round(watts * 1000) + 120 + index * 7;
  const milliwatts = milli(load.watts);
  const sample = (timeStamp: number, value: number) => [1, [{ timeStamp, sampleValue: { ullVal: value } }]];
  const engine = (value: number) => sample(value === 0 ? SAMPLED_AT : timeOf(load), value);
  const domains = [percent, memoryPercent, 0, 0].map((percentage) => ({
    bIsPresent: 1,
    percentage,
    incThreshold: 0,
    decThreshold: 0,
  }));
  return {
    nvmlDeviceGetMemoryInfo: { '': { total, free, used: reserved + used } },
    nvmlDeviceGetMemoryInfo_v2: { '': { version: nvml.nvmlMemory_v2, total, reserved, free, used } },
    nvmlDeviceGetUtilizationRates: { '': { gpu: percent, memory: memoryPercent } },
    nvmlDeviceGetDynamicPstatesInfo: { '': { flags: 0, utilization: domains } },
    nvmlDeviceGetPowerUsage: { '': milliwatts },
    nvmlDeviceGetCurrentClocksEventReasons: { '': reasons },
    nvmlDeviceGetCurrentClocksThrottleReasons: { '': reasons },
    nvmlDeviceGetMarginTemperature: {
      '': { version: nvml.nvmlMarginTemperature_v1, marginTemperature: 87 - celsius },
    },
    nvmlDeviceGetTotalEnergyConsumption: { '': energyOf(busy) },
    nvmlDeviceGetTemperature: { 0: celsius },
    nvmlDeviceGetTemperatureV: {
      'sensorType=0': { version: nvml.nvmlTemperature_v1, sensorType: 0, temperature: celsius },
    },
    nvmlDeviceGetClockInfo: { 0: megahertz, 1: megahertz },
    nvmlDeviceGetClock: { '0,0': megahertz, '1,0': megahertz },
    nvmlDeviceGetPcieThroughput: { 0: 1040 + percent * 3120, 1: 560 + percent * 8870 },
    nvmlDeviceGetSamples: {
      '0,0': sample(timeOf(load), milliwatts),
      '1,0': engine(percent),
      '2,0': engine(memoryPercent),
      ...Object.fromEntries([3, 4, 8, 9].map((type) => [`${type},0`, engine(0)])),
    },
    nvmlDeviceGetFieldValues: {
      [nvml.NVML_FI_DEV_MEMORY_TEMP]: u32(celsius + 6),
      [nvml.NVML_FI_DEV_POWER_AVERAGE]: u32(milliwatts),
      [nvml.NVML_FI_DEV_POWER_INSTANT]: u32(milli(load.instantWatts)),
      [nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION]: u64(energyOf(busy)),
      ...LIMITS,
    },
  };
}

/** Degrees below the limit that T.Limit counts down to, and milliwatts. */
const LIMITS: Readonly<Record<string, Json>> = {
  [nvml.NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT]: i32(-8),
  [nvml.NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT]: i32(-2),
  [nvml.NVML_FI_DEV_TEMPERATURE_MEM_MAX_TLIMIT]: i32(0),
  [nvml.NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT]: i32(0),
  [nvml.NVML_FI_DEV_POWER_MIN_LIMIT]: u32(200_000),
  [nvml.NVML_FI_DEV_POWER_MAX_LIMIT]: u32(700_000),
  [nvml.NVML_FI_DEV_POWER_DEFAULT_LIMIT]: u32(700_000),
  [nvml.NVML_FI_DEV_POWER_CURRENT_LIMIT]: u32(700_000),
  [nvml.NVML_FI_DEV_POWER_REQUESTED_LIMIT]: u32(700_000),
};

/** NVML's lists of the processes in all their versions, and what they use of the GPU, as pmon asks for it. */
function ofProcesses({ load }: Busy): Tables {
  const { processes } = load;
  const v1 = processes.map(({ pid, mib }) => ({ pid, usedGpuMemory: mib * MIB }));
  const v3 = v1.map((process) => ({ ...process, gpuInstanceId: 0xffffffff, computeInstanceId: 0xffffffff }));
  const lists: Tables = {
    nvmlDeviceGetComputeRunningProcesses: { '': v1 },
    nvmlDeviceGetComputeRunningProcesses_v2: { '': v3 },
    nvmlDeviceGetComputeRunningProcesses_v3: { '': v3 },
    nvmlDeviceGetRunningProcessDetailList: {
      'mode=0': {
        version: nvml.nvmlProcessDetailList_v1,
        mode: 0,
        numProcArrayEntries: v3.length,
        procArray: v3.map((process) => ({ ...process, usedGpuCcProtectedMemory: 0 })),
      },
    },
  };
  if (processes.length === 0) return lists;
  const smUtil = Math.floor(load.percent / processes.length);
  const memUtil = Math.floor(load.memoryPercent / processes.length);
  const engines = { smUtil, memUtil, encUtil: 0, decUtil: 0 };
  const timeStamp = timeOf(load);
  return {
    ...lists,
    nvmlDeviceGetProcessUtilization: { 0: processes.map(({ pid }) => ({ pid, timeStamp, ...engines })) },
    nvmlDeviceGetProcessesUtilizationInfo: {
      'lastSeenTimeStamp=0': {
        version: nvml.nvmlProcessesUtilizationInfo_v1,
        processSamplesCount: processes.length,
        lastSeenTimeStamp: 0,
        procUtilArray: processes.map(({ pid }) => ({ timeStamp, pid, ...engines, jpgUtil: 0, ofaUtil: 0 })),
      },
    },
  };
}

/**
 * GPM metrics by NVML's ids, made to fit the load: how busy the parts of the chip are in %, and traffic in MiB/s. A
 * collective of the training fills about a third of the links.
 */
function ofMetrics({ index, load: { percent, memoryPercent, nvlinkMib } }: Busy): Tables {
  const busy = percent === 0 ? 0 : percent - 0.5 - index / 10;
  const metrics: Readonly<Record<number, number>> = {
    [nvml.NVML_GPM_METRIC_GRAPHICS_UTIL]: busy,
    [nvml.NVML_GPM_METRIC_SM_UTIL]: busy * 0.94,
    [nvml.NVML_GPM_METRIC_SM_OCCUPANCY]: busy * 0.31,
    [nvml.NVML_GPM_METRIC_ANY_TENSOR_UTIL]: busy * 0.47,
    [nvml.NVML_GPM_METRIC_DRAM_BW_UTIL]: memoryPercent * 0.8,
    [nvml.NVML_GPM_METRIC_PCIE_TX_PER_SEC]: percent * 3.1,
    [nvml.NVML_GPM_METRIC_PCIE_RX_PER_SEC]: percent * 8.7,
    [nvml.NVML_GPM_METRIC_NVLINK_TOTAL_RX_PER_SEC]: nvlinkMib,
    [nvml.NVML_GPM_METRIC_NVLINK_TOTAL_TX_PER_SEC]: nvlinkMib - percent,
  };
  const answers = Object.entries(metrics).map(([id, value]): [string, Json] => [
    `metric=${id}`,
    {
      version: 1,
      numMetrics: 1,
      metrics: [{ metricId: Number(id), nvmlReturn: 0, value: Math.round(value * 100) / 100 }],
    },
  ]);
  return { nvmlGpmSampleGet: { gpmSample: [] }, nvmlGpmMetricsGet: Object.fromEntries(answers) };
}

/** KiB by link: of payload, and with the protocol. The links of the GPUs that work alone never had to carry anything. */
function ofTraffic({ nvlinkTotalMib }: Load): Tables {
  const more = (nvlinkTotalMib * 1024) / LINKS;
  const counters: readonly (readonly [field: number, base: number, overhead: number])[] = [
    [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX, 801_772_450, 1],
    [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX, 801_772_121, 1],
    [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_TX, 918_224_011, 1.145],
    [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_RX, 918_223_700, 1.145],
  ];
  const values = counters.flatMap(([field, base, overhead]) =>
    Array.from({ length: LINKS }, (_, link): [string, Json] => [
      link === 0 ? `${field}` : `${field}:${link}`,
      u64(base + link * 97 + Math.round(more * overhead)),
    ]),
  );
  return { nvmlDeviceGetFieldValues: Object.fromEntries(values) };
}

/** How long the power limit has held the clock back since the first moment. */
function ofLimits({ cappedSeconds, seconds }: Load): Tables {
  const referenceTime = REFERENCE_TIME + seconds * 1e6;
  const violationTime = cappedSeconds * 1e9;
  return {
    nvmlDeviceGetViolationStatus: {
      [nvml.NVML_PERF_POLICY_POWER]: { referenceTime, violationTime },
      [nvml.NVML_PERF_POLICY_THERMAL]: { referenceTime: referenceTime + 1285, violationTime: 0 },
    },
    nvmlDeviceGetFieldValues: { [nvml.NVML_FI_DEV_PERF_POLICY_POWER]: u64(violationTime) },
  };
}
