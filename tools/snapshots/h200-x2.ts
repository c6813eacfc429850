/**
 * Two H200s joined by NVLink in one virtual machine: the recording of one H200 of the same kind, with what
 * nvidia-smi 580.159.04 printed about the two (identities made up).
 */
import * as nvml from '../../src/nvml/generated/constants.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import {
  type ByArguments,
  big,
  gpuUuid,
  Machine,
  NONE,
  powerLimits,
  serialOf,
  temperatureLimits,
  u32,
  wordsOf,
} from './machine.js';
import { addLinks, addPciFiles, connect, joinFabric, LINKS, type LinkTraffic } from './nvlink.js';

/** What was printed of each of the two, in milliwatts, degrees and KB/s. */
interface Printed {
  readonly temperature: number;
  readonly margin: number;
  readonly memoryTemperature: number;
  readonly power: number;
  readonly instantPower: number;
  readonly memoryPower: number;
  readonly tx: number;
  readonly rx: number;
  readonly moduleId: number;
  readonly pdi: bigint;
  readonly pcieTxBytes: number;
  readonly pcieRxBytes: number;
  readonly recoveries: number;
  readonly receiverErrors: number;
  readonly badPackets: number;
  readonly naksSent: number;
  /** Errors of the first lanes; the others have none. */
  readonly laneErrors: readonly number[];
  readonly links: LinkTraffic;
}

const all = (kib: number): readonly number[] => Array.from({ length: LINKS }, () => kib);
const allBut = (kib: number, link: number, other: number): readonly number[] =>
  all(kib).map((value, i) => (i === link ? other : value));

const PRINTED: readonly Printed[] = [
  {
    temperature: 32,
    margin: 55,
    memoryTemperature: 36,
    power: 77810,
    instantPower: 77560,
    memoryPower: 39850,
    tx: 1047,
    rx: 563,
    moduleId: 5,
    pdi: 0x8d7215b1e93508afn,
    pcieTxBytes: 3817651328,
    pcieRxBytes: 3977381612,
    recoveries: 290,
    receiverErrors: 19,
    badPackets: 23,
    naksSent: 17,
    laneErrors: [12, 53, 28, 11, 22, 0, 49, 0, 18, 0, 39, 0, 22],
    links: { rawTx: all(271), rawRx: allBut(385, 4, 406), dataTx: all(0), dataRx: all(0), awake: [3] },
  },
  {
    temperature: 31,
    margin: 56,
    memoryTemperature: 35,
    power: 79730,
    instantPower: 79890,
    memoryPower: 41540,
    tx: 1021,
    rx: 573,
    moduleId: 7,
    pdi: 0x9431c38061d2bb1dn,
    pcieTxBytes: 460199360,
    pcieRxBytes: 2866946556,
    recoveries: 390,
    receiverErrors: 4,
    badPackets: 2,
    naksSent: 2,
    laneErrors: [11, 0, 0, 0, 36, 0, 0, 0, 0, 0, 26],
    links: { rawTx: all(271), rawRx: allBut(384, 0, 406), dataTx: all(0), dataRx: all(0), awake: [17] },
  },
];

const LANES = 16;
const laneErrors = (errors: readonly number[]): ByArguments => {
  const id = nvml.NVML_FI_DEV_PCIE_COUNT_LANE_ERROR;
  const lanes = Array.from({ length: LANES }, (_, lane) => lane);
  return Object.fromEntries(lanes.map((lane) => [lane === 0 ? id : `${id}:${lane}`, u32(errors[lane] ?? 0)]));
};

const CPUS = '0-31';

export function h200x2(): Snapshot {
  const machine = Machine.like('h200-x1');
  const identities = PRINTED.map((_, i) => ({
    uuid: gpuUuid(i),
    serial: serialOf(i),
    busId: `00000000:00:0${6 + i}.0`,
    minor: i,
  }));
  const gpus = machine.multiply(PRINTED.length);
  machine.introduce(identities);
  gpus.forEach((gpu, i) => {
    const printed = PRINTED[i] as Printed;
    gpu.answer({
      nvmlDeviceGetModuleId: printed.moduleId,
      nvmlDeviceGetPdi: { version: nvml.nvmlPdi_v1, value: big(printed.pdi) },
      nvmlDeviceGetPlatformInfo: {
        ...(machine.answerOf('nvmlDeviceGetPlatformInfo', 'gpu0') as object),
        moduleId: printed.moduleId,
      },
      nvmlDeviceGetPowerUsage: printed.power,
      nvmlDeviceGetMarginTemperature: {
        version: nvml.nvmlMarginTemperature_v1,
        marginTemperature: printed.margin,
      },
      nvmlDeviceGetCpuAffinity: wordsOf(CPUS),
    });
    gpu.answerEach({
      nvmlDeviceGetTemperature: { 0: printed.temperature },
      // The highest target that could be set, which the recording lacks: N/A was printed.
      nvmlDeviceGetTemperatureThreshold: { [nvml.NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MAX]: NONE },
      nvmlDeviceGetTemperatureV: {
        'sensorType=0': { version: nvml.nvmlTemperature_v1, sensorType: 0, temperature: printed.temperature },
      },
      nvmlDeviceGetPcieThroughput: { 0: printed.tx, 1: printed.rx },
      nvmlDeviceGetCpuAffinityWithinScope: { 0: wordsOf(CPUS), 1: wordsOf(CPUS) },
    });
    gpu.fields({
      [nvml.NVML_FI_DEV_MEMORY_TEMP]: u32(printed.memoryTemperature),
      [nvml.NVML_FI_DEV_POWER_AVERAGE]: u32(printed.power),
      [nvml.NVML_FI_DEV_POWER_INSTANT]: u32(printed.instantPower),
      [`${nvml.NVML_FI_DEV_POWER_AVERAGE}:${nvml.NVML_POWER_SCOPE_MEMORY}`]: u32(printed.memoryPower),
      [nvml.NVML_FI_DEV_PCIE_COUNT_TX_BYTES]: u32(printed.pcieTxBytes),
      [nvml.NVML_FI_DEV_PCIE_COUNT_RX_BYTES]: u32(printed.pcieRxBytes),
      [nvml.NVML_FI_DEV_PCIE_L0_TO_RECOVERY_COUNTER]: u32(printed.recoveries),
      [nvml.NVML_FI_DEV_PCIE_COUNT_RECEIVER_ERROR]: u32(printed.receiverErrors),
      [nvml.NVML_FI_DEV_PCIE_COUNT_BAD_TLP]: u32(printed.badPackets),
      [nvml.NVML_FI_DEV_PCIE_COUNT_NAKS_SENT]: u32(printed.naksSent),
      ...laneErrors(printed.laneErrors),
      ...temperatureLimits(-8, -2),
      ...powerLimits(200_000, 700_000),
    });
    addLinks(gpu, printed.links);
    joinFabric(gpu);
  });
  connect(machine, gpus, () => nvml.NVML_TOPOLOGY_HOSTBRIDGE);
  machine.files.set('/sys/devices/system/cpu/online', `${CPUS}\n`);
  machine.files.set('/sys/devices/system/node/node0/cpulist', `${CPUS}\n`);
  for (const identity of identities) {
    const device = identity.busId.slice(4);
    addPciFiles(machine, identity, `/sys/devices/pci0000:00/${device}`, -1, CPUS);
  }
  for (let cpu = 0; cpu < 32; cpu++) {
    machine.set('nvmlSystemGetTopologyGpuSet', String(cpu), ['gpu0', 'gpu1']);
  }
  return machine.built(
    '2 x NVIDIA H200, driver 580.159.04; built from a recording of one H200 and what nvidia-smi printed of two',
  );
}
