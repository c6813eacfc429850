/** The NVLinks of Hopper: 18 to a GPU, all of them to NVSwitches, as two H200s printed them (580.159.04). */
import * as nvml from '../../src/nvml/generated/constants.js';
import { type ByArguments, type Gpu, type Identity, type Machine, u32, u64 } from './machine.js';

export const LINKS = 18;
const links = Array.from({ length: LINKS }, (_, link) => link);

/** What each link has carried. */
export interface Traffic {
  /** KiB with the protocol. */
  readonly rawTx: readonly number[];
  readonly rawRx: readonly number[];
  /** KiB of payload. */
  readonly dataTx: readonly number[];
  readonly dataRx: readonly number[];
}

/** What differs from link to link. */
interface LinkTraffic extends Traffic {
  /** Links that do not sleep. */
  readonly awake: readonly number[];
}

/** A value of each link under `id:link`; the first link is asked without scope. */
const perLink = (id: number, value: (link: number) => number, make = u32): ByArguments =>
  Object.fromEntries(links.map((link) => [link === 0 ? `${id}` : `${id}:${link}`, make(value(link))]));

/** Answers of each link, under `link` or `link,argument`. */
const eachLink = (answer: (link: number) => ByArguments[string]): ByArguments =>
  Object.fromEntries(links.map((link) => [link, answer(link)]));
const eachLinkAnd = (count: number, value: number): ByArguments =>
  Object.fromEntries(
    links.flatMap((link) => Array.from({ length: count }, (_, i) => [`${link},${i}`, value])),
  );

/** Where a GPU inside a virtual machine says that its links lead: the switches are the host's. */
export const HIDDEN_SWITCH = {
  busIdLegacy: 'FFFFFFFF:FF:FF.0'.slice(0, 15),
  domain: 0xffffffff,
  bus: 0xff,
  device: 0xff,
  pciDeviceId: 0,
  pciSubSystemId: 0,
  busId: 'FFFFFFFF:FF:FF.0',
};

const throughput = (traffic: Traffic): ByArguments => ({
  ...perLink(nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX, (link) => traffic.dataTx[link] ?? 0, u64),
  ...perLink(nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX, (link) => traffic.dataRx[link] ?? 0, u64),
  ...perLink(nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_TX, (link) => traffic.rawTx[link] ?? 0, u64),
  ...perLink(nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_RX, (link) => traffic.rawRx[link] ?? 0, u64),
});

export const countTraffic = (gpu: Gpu, traffic: Traffic): void => gpu.fields(throughput(traffic));

export function addLinks(
  gpu: Gpu,
  traffic: LinkTraffic,
  remote: (link: number) => typeof HIDDEN_SWITCH = () => HIDDEN_SWITCH,
  remoteLink: (link: number) => number = () => 0,
): void {
  gpu.answerEach({
    nvmlDeviceGetNvLinkState: eachLink(() => 1),
    nvmlDeviceGetNvLinkVersion: eachLink(() => nvml.NVML_NVLINK_VERSION_4_0),
    nvmlDeviceGetNvLinkCapability: eachLinkAnd(nvml.NVML_NVLINK_CAP_COUNT, 1),
    nvmlDeviceGetNvLinkErrorCounter: eachLinkAnd(nvml.NVML_NVLINK_ERROR_COUNT, 0),
    nvmlDeviceGetNvLinkRemoteDeviceType: eachLink(() => nvml.NVML_NVLINK_DEVICE_TYPE_SWITCH),
    nvmlDeviceGetNvLinkRemotePciInfo: eachLink(remote),
    nvmlDeviceGetNvLinkRemotePciInfo_v2: eachLink(remote),
  });
  gpu.answer({
    nvmlDeviceGetNvLinkInfo: {
      version: nvml.nvmlNvLinkInfo_v2,
      isNvleEnabled: 0,
      firmwareInfo: { firmwareVersion: [], numValidEntries: 0 },
    },
  });
  gpu.fields({
    [nvml.NVML_FI_DEV_NVLINK_LINK_COUNT]: u32(LINKS),
    [nvml.NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON]: u32(26562),
    [nvml.NVML_FI_DEV_NVSWITCH_CONNECTED_LINK_COUNT]: u32(LINKS),
    ...perLink(nvml.NVML_FI_DEV_NVLINK_GET_SPEED, () => 26562),
    ...perLink(nvml.NVML_FI_DEV_NVLINK_GET_STATE, () => nvml.NVML_NVLINK_STATE_ACTIVE),
    ...perLink(nvml.NVML_FI_DEV_NVLINK_GET_VERSION, () => nvml.NVML_NVLINK_VERSION_4_0),
    ...perLink(nvml.NVML_FI_DEV_NVLINK_REMOTE_NVLINK_ID, remoteLink),
    ...perLink(nvml.NVML_FI_DEV_NVLINK_ERROR_DL_REPLAY, () => 0, u64),
    ...perLink(nvml.NVML_FI_DEV_NVLINK_ERROR_DL_RECOVERY, () => 0, u64),
    ...perLink(nvml.NVML_FI_DEV_NVLINK_ERROR_DL_CRC, () => 0, u64),
    ...throughput(traffic),
    ...perLink(nvml.NVML_FI_DEV_NVLINK_GET_POWER_STATE, (link) =>
      traffic.awake.includes(link)
        ? nvml.NVML_NVLINK_POWER_STATE_HIGH_SPEED
        : nvml.NVML_NVLINK_POWER_STATE_LOW,
    ),
    // 500 units of 100 us: the 50000 us that were printed.
    ...perLink(nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD, () => 500),
    [nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_UNITS]: u32(nvml.NVML_NVLINK_LOW_POWER_THRESHOLD_UNIT_100US),
    [nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_MIN]: u32(nvml.NVML_NVLINK_LOW_POWER_THRESHOLD_MIN),
    [nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_MAX]: u32(nvml.NVML_NVLINK_LOW_POWER_THRESHOLD_MAX),
    [nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_SUPPORTED]: u32(1),
  });
}

/** Registered with the fabric manager: one clique, and a cluster without a name. */
export function joinFabric(gpu: Gpu): void {
  const fabric = { clusterUuid: [], status: 0, cliqueId: 0, state: nvml.NVML_GPU_FABRIC_STATE_COMPLETED };
  gpu.answer({
    nvmlDeviceGetGpuFabricInfo: fabric,
    nvmlDeviceGetGpuFabricInfoV: {
      version: nvml.nvmlGpuFabricInfo_v3,
      ...fabric,
      healthMask: 0,
      healthSummary: 0,
    },
  });
}

/** What two GPUs of one NVLink fabric can do with each other; PCI peer access is not among it (H200). */
const P2P: readonly (readonly [capability: number, status: number])[] = [
  [nvml.NVML_P2P_CAPS_INDEX_READ, nvml.NVML_P2P_STATUS_OK],
  [nvml.NVML_P2P_CAPS_INDEX_WRITE, nvml.NVML_P2P_STATUS_OK],
  [nvml.NVML_P2P_CAPS_INDEX_NVLINK, nvml.NVML_P2P_STATUS_OK],
  [nvml.NVML_P2P_CAPS_INDEX_ATOMICS, nvml.NVML_P2P_STATUS_OK],
  [nvml.NVML_P2P_CAPS_INDEX_PCI, nvml.NVML_P2P_STATUS_NOT_SUPPORTED],
  [nvml.NVML_P2P_CAPS_INDEX_UNKNOWN, 0],
];

/** All that NVML returns about pairs of GPUs. `level` is how PCIe joins two, as NVML_TOPOLOGY_*. */
export function connect(machine: Machine, gpus: readonly Gpu[], level: (a: Gpu, b: Gpu) => number): void {
  const levels = [0, 10, 20, 30, 40, 50];
  for (const a of gpus) {
    for (const b of gpus) {
      const self = a === b;
      machine.set('nvmlDeviceOnSameBoard', `${a.name},${b.name}`, self ? 1 : 0);
      machine.set(
        'nvmlDeviceGetTopologyCommonAncestor',
        `${a.name},${b.name}`,
        self ? { error: 'NVML_ERROR_NOT_SUPPORTED' } : level(a, b),
      );
      for (const [capability, status] of P2P) {
        const answer = self && capability !== nvml.NVML_P2P_CAPS_INDEX_UNKNOWN ? 5 : status;
        machine.set('nvmlDeviceGetP2PStatus', `${a.name},${b.name},${capability}`, answer);
      }
    }
    for (const reach of levels) {
      const near = gpus.filter((b) => b !== a && level(a, b) <= reach);
      machine.set(
        'nvmlDeviceGetTopologyNearestGpus',
        `${a.name},${reach}`,
        near.map(({ name }) => name),
      );
    }
  }
}

/** The folders of /sys of the GPUs' PCI devices. */
export function addPciFiles(
  machine: Machine,
  identity: Identity,
  path: string,
  node: number,
  cpus: string,
): void {
  const folder = `/sys/bus/pci/devices/${identity.busId.slice(4).toLowerCase()}`;
  machine.files.set(`${folder}@`, path);
  machine.files.set(`${folder}/numa_node`, `${node}\n`);
  machine.files.set(`${folder}/local_cpulist`, `${cpus}\n`);
  machine.files.set(`${folder}/class`, `0x030${identity.subClass ?? 2}00\n`);
}
