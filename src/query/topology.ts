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
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, type Status } from '../nvml/status.js';
import { want } from './ask/asking.js';
import { setBits } from './bits.js';
import { linkRemote, linkRemoteType, linksOf } from './nvlink.js';
import { field, fixed, type Probe } from './probe.js';
import { askProbe, readGpuFields, readValues } from './read.js';
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

export function affinityOf(session: Session, gpu: Gpu): Affinity {
  return {
    cpus: bitsOf(askProbe(session, cpuAffinity, gpu)),
    memoryNodes: bitsOf(askProbe(session, memoryAffinity, gpu)),
    numaNode: readValues(session, gpu, [want(numaNode)])[0] as Reading,
  };
}

/** A reading for each pair of different GPUs. */
export type Pairs = readonly (readonly Reading[])[];

function pairs(session: Session, gpus: readonly Gpu[], probe: (other: Handle) => Probe, pick: string): Pairs {
  return gpus.map((gpu) =>
    gpus.map((other) => {
      if (other === gpu) return NOT_SUPPORTED;
      if (other.handle === undefined) return Missing.of(other.status);
      return readValues(session, gpu, [want(probe(other.handle), pick)])[0] as Reading;
    }),
  );
}

/** How PCIe connects each pair, as NVML_TOPOLOGY_*. */
export const ancestors = (session: Session, gpus: readonly Gpu[]): Pairs =>
  pairs(session, gpus, ancestor, 'pathInfo');

/** What each pair can do with a capability (NVML_P2P_CAPS_INDEX_*), as NVML_P2P_STATUS_*. */
export const p2pStatuses = (session: Session, gpus: readonly Gpu[], capability: number): Pairs =>
  pairs(session, gpus, (other) => p2pStatus(other, capability), 'p2pStatus');

/** Indexes of the GPUs in a list answer. `none` are the statuses that mean that there are none. */
function indexesOf(session: Session, asked: Answer, none: readonly Status[]): readonly number[] | Missing {
  const items = asked.items(none);
  if (items instanceof Missing) return items;
  const handles = items.map((item) => item.read(''));
  return session.gpus
    .filter((gpu) => handles.some((handle) => handle === gpu.handle))
    .map((gpu) => gpu.index);
}

/** The GPUs that a GPU reaches at a level. */
export function nearestGpus(session: Session, gpu: Gpu, level: number): readonly number[] | Missing {
  // NVML refuses an array of none, which is what it counted (H100, 580.159.04).
  return indexesOf(session, askProbe(session, nearest(level), gpu), [nvml.NVML_ERROR_INVALID_ARGUMENT]);
}

/** The GPUs that are near a CPU. */
export const gpusNearCpu = (session: Session, cpu: number): readonly number[] | Missing =>
  indexesOf(session, askProbe(session, nearCpu(cpu)), [
    nvml.NVML_ERROR_INVALID_ARGUMENT,
    nvml.NVML_ERROR_NOT_FOUND,
  ]);

const switchLinks = field(nvml.NVML_FI_DEV_NVSWITCH_CONNECTED_LINK_COUNT, 0, 'static');

/** Where the active NVLinks of a GPU lead. */
interface Reach {
  readonly busId: string;
  readonly toSwitches: number;
  /** Bus ids of the far ends, one for each link. */
  readonly remotes: readonly string[];
}

/** Missing where it is not known which links there are, or where they lead. */
function reachOf(session: Session, gpu: Gpu): Reach | Missing {
  const place = readGpuFields(session, gpu, ['pci.bus_id'])[0] as Reading;
  if (place instanceof Missing) return place;
  const busId = String(place).toLowerCase();
  const counted = readValues(session, gpu, [want(switchLinks)])[0] as Reading;
  if (!(counted instanceof Missing) && Number(counted) > 0) {
    return { busId, toSwitches: Number(counted), remotes: [] };
  }
  const links = linksOf(session, gpu);
  if (links instanceof Missing) return links;
  const states = links.map(({ active }) => active);
  const unknown = states.find((state) => state instanceof Missing);
  if (unknown instanceof Missing) return unknown;
  const ends = links
    .filter(({ active }) => active !== 0)
    .map(
      ({ index }) =>
        readValues(session, gpu, [want(linkRemote(index), 'busId'), want(linkRemoteType(index))]) as [
          Reading,
          Reading,
        ],
    );
  return {
    busId,
    toSwitches: ends.filter(([, type]) => type === nvml.NVML_NVLINK_DEVICE_TYPE_SWITCH).length,
    remotes: ends.flatMap(([remote]) => (remote instanceof Missing ? [] : [String(remote).toLowerCase()])),
  };
}

/**
 * How many NVLinks join each pair: those that lead from one to the other, or all that both have to their switches.
 * 0 where PCIe alone joins them.
 */
export function nvlinkWidths(session: Session, gpus: readonly Gpu[]): readonly (readonly Reading[])[] {
  if (gpus.length < 2) return gpus.map(() => [0]);
  const reaches = gpus.map((gpu) => reachOf(session, gpu));
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
