/**
 * An HGX board on bare metal: eight H100 on four NVSwitches, two sockets, ten network adapters and two disks, with
 * programs on some of the GPUs, which continue for some seconds. Built from the recording of one H100; links as two H200s printed theirs; places on
 * the bus, sockets and switches as public reports of such servers show them.
 */
import * as nvml from '../../src/nvml/generated/constants.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { GPU_FOLDERS } from '../../src/system/lost-gpus.js';
import { pstates } from './board.js';
import { LOADS, type Load, loadsOver } from './hgx-h100-x8-load.js';
import {
  type Gpu,
  gpuUuid,
  Machine,
  MIB,
  powerLimits,
  runs,
  serialOf,
  temperatureLimits,
  u32,
  u64,
  wordsOf,
} from './machine.js';
import {
  addLinks,
  addPciFiles,
  connect,
  countTraffic,
  HIDDEN_SWITCH,
  joinFabric,
  LINKS,
  type Traffic,
} from './nvlink.js';

const NODE_CPUS = ['0-55,112-167', '56-111,168-223'] as const;
const ALL_CPUS = 224;
const GPU_BUSES = ['1B', '43', '52', '61', '9D', 'C3', 'D1', 'DF'] as const;

const nodeOf = (index: number): number => (index < GPU_BUSES.length / 2 ? 0 : 1);

export const IDENTITIES = GPU_BUSES.map((bus, i) => ({
  uuid: gpuUuid(i),
  serial: serialOf(i),
  busId: `00000000:${bus}:00.0`,
  // The kernel numbers the GPUs as it finds them, and here it found the second socket's first.
  minor: (i + 4) % 8,
}));

const PROCESSES: Readonly<Record<number, string>> = {
  4127: '/usr/bin/nv-hostengine-profiler',
  81452: '/opt/conda/envs/train/bin/python',
  81453: '/opt/conda/envs/train/bin/python',
  81454: '/opt/conda/envs/train/bin/python',
  81455: '/opt/conda/envs/train/bin/python',
  90117: 'VLLM::EngineCore',
  90344: '/srv/embeddings/.venv/bin/python3.12',
};

/** Bytes that the driver keeps for itself: 479 MiB of 81559 (H100, 580.159.04). */
const memoryWith = (machine: Machine, usedMib: number): { total: number; reserved: number; used: number } => {
  const { total, reserved } = machine.answerOf('nvmlDeviceGetMemoryInfo_v2', 'gpu0') as {
    total: number;
    reserved: number;
  };
  return { total, reserved, used: usedMib * MIB };
};

const SAMPLED_AT = 1795446000000000;

/** Microseconds since the epoch. */
const timeOf = ({ seconds }: Load): number => SAMPLED_AT + seconds * 1e6;

const energyOf = (gpu: Gpu, { joules }: Load): number =>
  4_210_000_000 + gpu.index * 81_345_120 + Math.round(joules * 1000);

function work(machine: Machine, gpu: Gpu, load: Load): void {
  const held = load.processes.reduce((sum, { mib }) => sum + mib, 0);
  const { total, reserved, used } = memoryWith(machine, held === 0 ? 0 : held + 9);
  const celsius = Math.round(load.celsius);
  const milli = (watts: number): number => Math.round(watts * 1000) + 120 + gpu.index * 7;
  const milliwatts = milli(load.watts);
  const sample = (timeStamp: number, value: number) => [1, [{ timeStamp, sampleValue: { ullVal: value } }]];
  const engine = (percent: number) => sample(percent === 0 ? SAMPLED_AT : timeOf(load), percent);
  gpu.answer({
    nvmlDeviceGetMemoryInfo: { total, free: total - reserved - used, used: reserved + used },
    nvmlDeviceGetMemoryInfo_v2: {
      version: nvml.nvmlMemory_v2,
      total,
      reserved,
      free: total - reserved - used,
      used,
    },
    nvmlDeviceGetUtilizationRates: { gpu: load.percent, memory: load.memoryPercent },
    nvmlDeviceGetDynamicPstatesInfo: pstates(load.percent, load.memoryPercent, 0, 0),
    nvmlDeviceGetPowerUsage: milliwatts,
    nvmlDeviceGetCurrentClocksEventReasons: load.reasons,
    nvmlDeviceGetCurrentClocksThrottleReasons: load.reasons,
    nvmlDeviceGetMarginTemperature: {
      version: nvml.nvmlMarginTemperature_v1,
      marginTemperature: 87 - celsius,
    },
    nvmlDeviceGetTotalEnergyConsumption: energyOf(gpu, load),
  });
  gpu.answerEach({
    nvmlDeviceGetTemperature: { 0: celsius },
    nvmlDeviceGetTemperatureV: {
      'sensorType=0': { version: nvml.nvmlTemperature_v1, sensorType: 0, temperature: celsius },
    },
    nvmlDeviceGetClockInfo: { 0: load.megahertz, 1: load.megahertz },
    nvmlDeviceGetClock: { '0,0': load.megahertz, '1,0': load.megahertz },
    nvmlDeviceGetPcieThroughput: { 0: 1040 + load.percent * 3120, 1: 560 + load.percent * 8870 },
    nvmlDeviceGetSamples: {
      '0,0': sample(timeOf(load), milliwatts),
      '1,0': engine(load.percent),
      '2,0': engine(load.memoryPercent),
      ...Object.fromEntries([3, 4, 8, 9].map((type) => [`${type},0`, engine(0)])),
    },
  });
  gpu.fields({
    [nvml.NVML_FI_DEV_MEMORY_TEMP]: u32(celsius + 6),
    [nvml.NVML_FI_DEV_POWER_AVERAGE]: u32(milliwatts),
    [nvml.NVML_FI_DEV_POWER_INSTANT]: u32(milli(load.instantWatts)),
    [nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION]: u64(energyOf(gpu, load)),
    ...temperatureLimits(-8, -2),
    ...powerLimits(200_000, 700_000),
  });
  runs(gpu, 'Compute', load.processes);
  useEngines(gpu, load);
  measure(gpu, load);
}

const GPM_SAMPLE = 'gpmSample';

/**
 * GPM metrics by NVML's ids, made to fit the load: how busy the parts of the chip are in %, and traffic in MiB/s. A
 * collective of the training fills about a third of the links.
 */
function measure(gpu: Gpu, { percent, memoryPercent, nvlinkMib: nvlink }: Load): void {
  const busy = percent === 0 ? 0 : percent - 0.5 - gpu.index / 10;
  const metrics: Readonly<Record<number, number>> = {
    [nvml.NVML_GPM_METRIC_GRAPHICS_UTIL]: busy,
    [nvml.NVML_GPM_METRIC_SM_UTIL]: busy * 0.94,
    [nvml.NVML_GPM_METRIC_SM_OCCUPANCY]: busy * 0.31,
    [nvml.NVML_GPM_METRIC_ANY_TENSOR_UTIL]: busy * 0.47,
    [nvml.NVML_GPM_METRIC_DRAM_BW_UTIL]: memoryPercent * 0.8,
    [nvml.NVML_GPM_METRIC_PCIE_TX_PER_SEC]: percent * 3.1,
    [nvml.NVML_GPM_METRIC_PCIE_RX_PER_SEC]: percent * 8.7,
    [nvml.NVML_GPM_METRIC_NVLINK_TOTAL_RX_PER_SEC]: nvlink,
    [nvml.NVML_GPM_METRIC_NVLINK_TOTAL_TX_PER_SEC]: nvlink - percent,
  };
  gpu.answerEach({
    nvmlGpmSampleGet: { [GPM_SAMPLE]: [] },
    nvmlGpmMetricsGet: Object.fromEntries(
      Object.entries(metrics).map(([id, value]) => [
        `metric=${id}`,
        {
          version: 1,
          numMetrics: 1,
          metrics: [{ metricId: Number(id), nvmlReturn: 0, value: Math.round(value * 100) / 100 }],
        },
      ]),
    ),
  });
}

/** What the processes use of the GPU, as pmon asks for it. */
function useEngines(gpu: Gpu, load: Load): void {
  if (load.processes.length === 0) return;
  const share = Math.floor(load.percent / load.processes.length);
  const memoryShare = Math.floor(load.memoryPercent / load.processes.length);
  const engines = { smUtil: share, memUtil: memoryShare, encUtil: 0, decUtil: 0 };
  const timeStamp = timeOf(load);
  gpu.answerEach({
    nvmlDeviceGetProcessUtilization: {
      0: load.processes.map(({ pid }) => ({ pid, timeStamp, ...engines })),
    },
    nvmlDeviceGetProcessesUtilizationInfo: {
      'lastSeenTimeStamp=0': {
        version: nvml.nvmlProcessesUtilizationInfo_v1,
        processSamplesCount: load.processes.length,
        lastSeenTimeStamp: 0,
        procUtilArray: load.processes.map(({ pid }) => ({
          timeStamp,
          pid,
          ...engines,
          jpgUtil: 0,
          ofaUtil: 0,
        })),
      },
    },
  });
}

/** Ports of the four switches, as a GPU's links are dealt out to them. */
const SWITCHES = ['07', '08', '09', '0A'] as const;
const switchOf = (link: number): typeof HIDDEN_SWITCH => {
  const bus = SWITCHES[[0, 0, 1, 1, 2, 2, 3, 3, 0, 1, 2, 3, 0, 0, 1, 2, 3, 3][link] ?? 0] ?? '07';
  return {
    ...HIDDEN_SWITCH,
    busIdLegacy: `0000:${bus}:00.0`,
    domain: 0,
    bus: Number.parseInt(bus, 16),
    device: 0,
    pciDeviceId: 0x22a310de,
    pciSubSystemId: 0x179610de,
    busId: `00000000:${bus}:00.0`,
  };
};

/** KiB by link; the links of the GPUs that work alone never had to carry anything. */
function trafficOf({ inStep, nvlinkTotalMib }: Load): Traffic {
  const more = (nvlinkTotalMib * 1024) / LINKS;
  const kib = (base: number, overhead: number) =>
    Array.from({ length: LINKS }, (_, link) => (inStep ? base + link * 97 + Math.round(more * overhead) : 0));
  return {
    rawTx: kib(918_224_011, 1.145),
    rawRx: kib(918_223_700, 1.145),
    dataTx: kib(801_772_450, 1),
    dataRx: kib(801_772_121, 1),
  };
}

const REFERENCE_TIME = 1795449724035990;

/** What the GPUs have counted since the first moment. */
function countOn(gpu: Gpu, load: Load): void {
  const nanoseconds = load.cappedSeconds * 1e9;
  countTraffic(gpu, trafficOf(load));
  gpu.answerEach({
    nvmlDeviceGetViolationStatus: {
      [nvml.NVML_PERF_POLICY_POWER]: {
        referenceTime: REFERENCE_TIME + load.seconds * 1e6,
        violationTime: nanoseconds,
      },
      [nvml.NVML_PERF_POLICY_THERMAL]: {
        referenceTime: REFERENCE_TIME + 1285 + load.seconds * 1e6,
        violationTime: 0,
      },
    },
  });
  gpu.fields({ [nvml.NVML_FI_DEV_PERF_POLICY_POWER]: u64(nanoseconds) });
}

/** A second of the eight is 22 KiB. */
const SECONDS = 20;

export function hgxH100x8(): Snapshot {
  const machine = Machine.like('h100-x1');
  const gpus = machine.multiply(GPU_BUSES.length);
  machine.introduce(IDENTITIES);
  machine.nameProcesses(PROCESSES);
  machine.set('nvmlGpmSampleAlloc', '', GPM_SAMPLE);
  machine.set('nvmlGpmSampleFree', GPM_SAMPLE, []);
  gpus.forEach((gpu, i) => {
    const cpus = NODE_CPUS[nodeOf(i)] ?? '';
    gpu.answer({
      nvmlDeviceGetModuleId: [2, 4, 3, 1, 7, 5, 6, 8][i] ?? 0,
      nvmlDeviceGetPlatformInfo: {
        ...(machine.answerOf('nvmlDeviceGetPlatformInfo', 'gpu0') as object),
        moduleId: [2, 4, 3, 1, 7, 5, 6, 8][i] ?? 0,
      },
      nvmlDeviceGetPdi: { version: nvml.nvmlPdi_v1, value: String(0xa000_0000_0000_1000n + BigInt(i)) },
      nvmlDeviceGetVirtualizationMode: nvml.NVML_GPU_VIRTUALIZATION_MODE_NONE,
      nvmlDeviceGetCpuAffinity: wordsOf(cpus),
    });
    gpu.answerEach({
      nvmlDeviceGetCpuAffinityWithinScope: { 0: wordsOf(cpus), 1: wordsOf(cpus) },
      nvmlDeviceGetMemoryAffinity: { 0: [1 << nodeOf(i)], 1: [1 << nodeOf(i)] },
    });
    const load = LOADS[i] as Load;
    const awake = load.inStep ? Array.from({ length: LINKS }, (_, link) => link) : [];
    addLinks(gpu, { ...trafficOf(load), awake }, switchOf, (link) => (gpu.index * 4 + link) % 64);
    joinFabric(gpu);
    work(machine, gpu, load);
  });
  connect(machine, gpus, (a, b) =>
    nodeOf(a.index) === nodeOf(b.index) ? nvml.NVML_TOPOLOGY_NODE : nvml.NVML_TOPOLOGY_SYSTEM,
  );
  describeSystem(machine);
  machine.moment(0);
  for (const loads of loadsOver(SECONDS)) {
    gpus.forEach((gpu, i) => {
      const load = loads[i] as Load;
      work(machine, gpu, load);
      if (load.inStep) countOn(gpu, load);
    });
    machine.moment((loads[0]?.seconds ?? 0) * 1000);
  }
  return machine.built(
    '8 x NVIDIA H100 80GB HBM3, driver 580.159.04; built from a recording of one H100, public reports of HGX servers, and a computed load of 20 seconds',
  );
}

/** Host bridges, one for each GPU and its network adapter, below which a PCIe switch has both. */
const BRIDGES = ['15', '3f', '4e', '5d', '97', 'bd', 'cb', 'd9'] as const;

const bus = (number: number): string => number.toString(16).padStart(2, '0');

/** The path of a device below the switch of a GPU: port 0 has the GPU, port 2 the adapter. */
function belowSwitch(index: number, port: number, ...rest: readonly string[]): string {
  const bridge = BRIDGES[index] ?? '';
  const upstream = Number.parseInt(bridge, 16) + 1;
  return [
    `/sys/devices/pci0000:${bridge}`,
    `0000:${bridge}:01.0`,
    `0000:${bus(upstream)}:00.0`,
    `0000:${bus(upstream + 1)}:0${port}.0`,
    ...rest,
  ].join('/');
}

function describeSystem(machine: Machine): void {
  const { files } = machine;
  for (const path of [...files.keys()]) {
    if (/^\/sys\/(bus|class|devices)\//.test(path)) files.delete(path);
  }
  files.set('/sys/devices/system/node/online', '0-1\n');
  NODE_CPUS.forEach((cpus, node) => {
    files.set(`/sys/devices/system/node/node${node}/cpulist`, `${cpus}\n`);
    files.set(`/sys/devices/system/node/node${node}/distance`, node === 0 ? '10 21\n' : '21 10\n');
  });
  files.set('/sys/devices/system/cpu/online', `0-${ALL_CPUS - 1}\n`);
  const device = (folder: string, path: string, node: number): void => {
    files.set(`${folder}/device@`, path);
    files.set(`${folder}/device/numa_node`, `${node}\n`);
    files.set(`${folder}/device/local_cpulist`, `${NODE_CPUS[node]}\n`);
  };
  IDENTITIES.forEach((identity, i) => {
    const gpuBus = identity.busId.slice(4).toLowerCase();
    files.set(`${GPU_FOLDERS}/${gpuBus}`, '');
    addPciFiles(machine, identity, belowSwitch(i, 0, gpuBus), nodeOf(i), NODE_CPUS[nodeOf(i)] ?? '');
    const adapter = bus(Number.parseInt(BRIDGES[i] ?? '', 16) + 3);
    device(`/sys/class/infiniband/mlx5_${i}`, belowSwitch(i, 2, `0000:${adapter}:00.0`), nodeOf(i));
  });
  // Under a second switch below that of GPU 0, and on the second socket's own root port.
  const beyond = ['0000:19:00.0', '0000:1a:00.0'];
  device('/sys/class/infiniband/mlx5_8', belowSwitch(0, 4, ...beyond, '0000:1c:00.0'), 0);
  device('/sys/class/infiniband/mlx5_9', '/sys/devices/pci0000:a7/0000:a7:01.0/0000:a8:00.0', 1);
  device('/sys/class/nvme/nvme0', belowSwitch(3, 3, '0000:62:00.0'), 0);
  device('/sys/class/nvme/nvme1', '/sys/devices/pci0000:a7/0000:a7:05.0/0000:ab:00.0', 1);
  for (let i = 0; i < 10; i++) files.set(`/sys/class/infiniband_verbs/uverbs${i}/ibdev`, `mlx5_${i}\n`);
  for (let cpu = 0; cpu < ALL_CPUS; cpu++) {
    const first = cpu < 56 || (cpu >= 112 && cpu < 168);
    machine.set(
      'nvmlSystemGetTopologyGpuSet',
      String(cpu),
      IDENTITIES.flatMap((_, i) => (nodeOf(i) === (first ? 0 : 1) ? [`gpu${i}`] : [])),
    );
  }
}
