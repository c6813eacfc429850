/** Pairs of GPUs: how a GPU reaches each of the others, and what the two can do to one another. */
import type { Handle } from '../../nvml/call.js';
import * as nvml from '../../nvml/generated/constants.js';
import { nvmlDeviceGetP2PStatus, nvmlDeviceGetTopologyCommonAncestor } from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, read, readOne, together, type Wanted, want } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { derive } from '../derive.js';
import { asks, type Field, item, type RecordValues } from '../field.js';
import { gpuField } from '../gpu-fields.js';
import { count } from '../kind.js';
import { linkRemote, linkRemoteType, linksOf } from '../links/nvlink-links.js';
import { field, fixed } from '../probe.js';
import type { Found, Relation } from '../relation.js';
import { levelKind, p2pKind } from './words.js';

export const peer: Field = {
  names: ['peer'],
  help: "NVML's index of the other GPU.",
  kind: count,
  source: item('peer'),
};

/** A question about both GPUs of a pair. */
const ofPair = (wanted: (other: Handle) => Wanted) =>
  asks(({ handle }) => (handle instanceof Missing ? handle : wanted(handle as Handle)));

export const pairPath: Field = {
  names: ['path'],
  help: 'How PCIe connects the two: PIX, PXB, PHB, NODE or SYS.',
  kind: levelKind,
  source: ofPair((device2) => want(fixed(nvmlDeviceGetTopologyCommonAncestor, { device2 }), 'pathInfo')),
};

/** Those that lead from one to the other, or all that both have to their switches. */
export const pairNvlinks: Field = {
  names: ['nvlinks'],
  help: 'Number of NVLinks between the two; 0 if only PCIe connects them.',
  kind: count,
  source: {
    derived: ['direct', 'toSwitches', 'peerToSwitches'].map((name) => ({ source: item(name) })),
    of: (...readings) =>
      derive(readings, (direct = 0, own = 0, others = 0) => (direct > 0 ? direct : Math.min(own, others))),
  },
};

const p2p = (name: string, p2pIndex: number, what: string): Field => ({
  names: [`p2p.${name}`],
  help: `Whether the GPU can ${what} the other: OK, or why not: CNS, GNS, TNS, DR, NS, U.`,
  kind: p2pKind,
  source: ofPair((device2) => want(fixed(nvmlDeviceGetP2PStatus, { device2, p2pIndex }), 'p2pStatus')),
});

/** By the letters that `topo -p2p` has for them. */
export const p2pFields: ReadonlyMap<string, Field> = new Map([
  ['r', p2p('read', nvml.NVML_P2P_CAPS_INDEX_READ, 'read the memory of')],
  ['w', p2p('write', nvml.NVML_P2P_CAPS_INDEX_WRITE, 'write the memory of')],
  ['n', p2p('nvlink', nvml.NVML_P2P_CAPS_INDEX_NVLINK, 'use NVLink to')],
  ['a', p2p('atomics', nvml.NVML_P2P_CAPS_INDEX_ATOMICS, 'do atomic operations on the memory of')],
  ['p', p2p('pci', nvml.NVML_P2P_CAPS_INDEX_PCI, 'use PCIe to')],
]);

/** The pair of two GPUs. */
export const pairOf = ({ index, handle, status }: Subject, links: RecordValues = {}): Found => ({
  values: { peer: index, handle: handle ?? Missing.of(status), ...links },
});

const switchLinks = field(nvml.NVML_FI_DEV_NVSWITCH_CONNECTED_LINK_COUNT, 0, 'static');

/** Where the active NVLinks of a GPU lead. */
interface Reach {
  readonly busId: string;
  readonly toSwitches: number;
  /** Bus ids of the far ends, one for each link. */
  readonly remotes: readonly string[];
}

/** Missing where it is not known which links there are, or where they lead. */
function* reachOf(gpu: Subject): Asking<Reach | Missing> {
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

/** The links of a pair, each with the reason where those of one of the two are not known. */
function linksBetween(from: Reach | Missing, to: Reach | Missing): RecordValues {
  const unknown = from instanceof Missing ? from : to;
  if (from instanceof Missing || to instanceof Missing) return { direct: unknown as Missing };
  return {
    direct: from.remotes.filter((remote) => remote === to.busId).length,
    toSwitches: from.toSwitches,
    peerToSwitches: to.toSwitches,
  };
}

export const gpuPairs: Relation = {
  name: 'gpu_pairs',
  record: 'the connection of a GPU to another GPU',
  fields: [peer, pairPath, pairNvlinks, ...p2pFields.values()],
  *find(gpu, asked, { gpus = [] } = {}) {
    const others = gpus.filter(({ index }) => index !== gpu.index);
    if (!asked.has(pairNvlinks) || others.length === 0) return others.map((other) => pairOf(other));
    const [own, ...reaches] = yield* together([gpu, ...others].map(reachOf));
    return others.map((other, i) => pairOf(other, linksBetween(own as Reach, reaches[i] as Reach)));
  },
};
