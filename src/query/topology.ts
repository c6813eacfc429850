/** How GPUs reach one another, and which CPUs and memory are near them. */

import type { Handle } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetCpuAffinity,
  nvmlDeviceGetMemoryAffinity,
  nvmlDeviceGetNumaNodeId,
  nvmlDeviceGetP2PStatus,
  nvmlDeviceGetTopologyCommonAncestor,
  nvmlDeviceGetTopologyNearestGpus,
  nvmlSystemGetTopologyGpuSet,
} from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, type Status } from '../nvml/status.js';
import { type Asking, ask, askAll, read, readOne, together, want } from './ask/asking.js';
import { setBits } from './bits.js';
import { gpuField } from './gpu-fields.js';
import { linkRemote, linkRemoteType, linksOf } from './nvlink-links.js';
import { field, fixed, type Probe } from './probe.js';
import type { Answer, Reading } from './reading.js';

/** The levels by the number that `topo -n` gives them: 0 is the nearest. */
export const TOPOLOGY_LEVELS: readonly number[] = [
  nvml.NVML_TOPOLOGY_INTERNAL,
  nvml.NVML_TOPOLOGY_SINGLE,
  nvml.NVML_TOPOLOGY_MULTIPLE,
  nvml.NVML_TOPOLOGY_HOSTBRIDGE,
  nvml.NVML_TOPOLOGY_NODE,
  nvml.NVML_TOPOLOGY_SYSTEM,
];

const cpuAffinity = fixed(nvmlDeviceGetCpuAffinity);
const memoryAffinity = fixed(nvmlDeviceGetMemoryAffinity, { scope: nvml.NVML_AFFINITY_SCOPE_NODE });
const numaNode = fixed(nvmlDeviceGetNumaNodeId);

const ancestor = (other: Handle): Probe => fixed(nvmlDeviceGetTopologyCommonAncestor, { device2: other });
const p2pStatus = (other: Handle, capability: number): Probe =>
  fixed(nvmlDeviceGetP2PStatus, { device2: other, p2pIndex: capability });

const nearest = (level: number): Probe => fixed(nvmlDeviceGetTopologyNearestGpus, { level });
const nearCpu = (cpu: number): Probe => fixed(nvmlSystemGetTopologyGpuSet, { cpuNumber: cpu });

/** What a GPU is near to. */
export interface Affinity {
  readonly cpus: readonly number[] | Missing;
  readonly memoryNodes: readonly number[] | Missing;
  /** The node that the GPU's own memory forms, where the CPU addresses it. */
  readonly numaNode: Reading;
}

const bitsOf = (asked: Answer): readonly number[] | Missing => {
  const memory = asked.memory();
  return memory === undefined ? Missing.of(asked.status) : setBits(memory);
};

export function* affinityOf(gpu: Gpu): Asking<Affinity> {
  const [cpus, memoryNodes, node] = yield* askAll(
    [cpuAffinity, memoryAffinity, numaNode].map((probe) => ({ probe, subject: gpu })),
  );
  return {
    cpus: bitsOf(cpus as Answer),
    memoryNodes: bitsOf(memoryNodes as Answer),
    numaNode: (node as Answer).read('value'),
  };
}

/** A reading for each pair of different GPUs. */
export type Pairs = readonly (readonly Reading[])[];

const pairs = (gpus: readonly Gpu[], probe: (other: Handle) => Probe, pick: string): Asking<Pairs> =>
  together(gpus.map((gpu) => together(gpus.map((other) => pair(gpu, other, probe, pick)))));

function* pair(gpu: Gpu, other: Gpu, probe: (other: Handle) => Probe, pick: string): Asking<Reading> {
  if (other === gpu) return NOT_SUPPORTED;
  if (other.handle === undefined) return Missing.of(other.status);
  return yield* readOne(probe(other.handle), gpu, pick);
}

/** How PCIe connects each pair, as NVML_TOPOLOGY_*. */
export const ancestors = (gpus: readonly Gpu[]): Asking<Pairs> => pairs(gpus, ancestor, 'pathInfo');

/** What each pair can do with a capability (NVML_P2P_CAPS_INDEX_*), as NVML_P2P_STATUS_*. */
export const p2pStatuses = (gpus: readonly Gpu[], capability: number): Asking<Pairs> =>
  pairs(gpus, (other) => p2pStatus(other, capability), 'p2pStatus');

/** Indexes of the GPUs in a list answer. `none` are the statuses that mean that there are none. */
function indexesOf(all: readonly Gpu[], asked: Answer, none: readonly Status[]): readonly number[] | Missing {
  const items = asked.items(none);
  if (items instanceof Missing) return items;
  const handles = items.map((item) => item.read(''));
  return all.filter((gpu) => handles.some((handle) => handle === gpu.handle)).map((gpu) => gpu.index);
}

/** The GPUs among all that a GPU reaches at a level. */
export function* nearestGpus(
  all: readonly Gpu[],
  gpu: Gpu,
  level: number,
): Asking<readonly number[] | Missing> {
  // NVML refuses an array of none, which is what it counted (H100, 580.159.04).
  return indexesOf(all, yield* ask(nearest(level), gpu), [nvml.NVML_ERROR_INVALID_ARGUMENT]);
}

/** The GPUs among all that are near a CPU. */
export function* gpusNearCpu(all: readonly Gpu[], cpu: number): Asking<readonly number[] | Missing> {
  const none = [nvml.NVML_ERROR_INVALID_ARGUMENT, nvml.NVML_ERROR_NOT_FOUND];
  return indexesOf(all, yield* ask(nearCpu(cpu)), none);
}

const switchLinks = field(nvml.NVML_FI_DEV_NVSWITCH_CONNECTED_LINK_COUNT, 0, 'static');

/** Where the active NVLinks of a GPU lead. */
interface Reach {
  readonly busId: string;
  readonly toSwitches: number;
  /** Bus ids of the far ends, one for each link. */
  readonly remotes: readonly string[];
}

/** Missing where it is not known which links there are, or where they lead. */
function* reachOf(gpu: Gpu): Asking<Reach | Missing> {
  const place = yield* gpuField('pci.bus_id', gpu);
  if (place instanceof Missing) return place;
  const busId = String(place).toLowerCase();
  const counted = yield* readOne(switchLinks, gpu);
  if (!(counted instanceof Missing) && Number(counted) > 0) {
    return { busId, toSwitches: Number(counted), remotes: [] };
  }
  const links = yield* linksOf(gpu);
  if (links instanceof Missing) return links;
  const unknown = links.map(({ active }) => active).find((state) => state instanceof Missing);
  if (unknown instanceof Missing) return unknown;
  const ends = yield* together(
    links
      .filter(({ active }) => active !== 0)
      .map(({ index }) => read([want(linkRemote(index), 'busId'), want(linkRemoteType(index))], gpu)),
  );
  return {
    busId,
    toSwitches: ends.filter(([, type]) => type === nvml.NVML_NVLINK_DEVICE_TYPE_SWITCH).length,
    remotes: ends.flatMap(([remote]) =>
      remote === undefined || remote instanceof Missing ? [] : [String(remote).toLowerCase()],
    ),
  };
}

/**
 * How many NVLinks join each pair: those that lead from one to the other, or all that both have to their switches.
 * 0 where PCIe alone joins them.
 */
export function* nvlinkWidths(gpus: readonly Gpu[]): Asking<Pairs> {
  if (gpus.length < 2) return gpus.map(() => [0]);
  const reaches = yield* together(gpus.map(reachOf));
  return reaches.map((from, i) =>
    reaches.map((to, j) => {
      if (i === j) return 0;
      if (from instanceof Missing) return from;
      if (to instanceof Missing) return to;
      const direct = from.remotes.filter((remote) => remote === to.busId).length;
      return direct > 0 ? direct : Math.min(from.toSwitches, to.toSwitches);
    }),
  );
}
