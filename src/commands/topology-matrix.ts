/** The matrices of `topo`: devices, and how each pair is joined. */

import { plainText } from '../base/plain-text.js';
import type { Release } from '../base/release.js';
import type { Part } from '../format/document.js';
import { ranges } from '../format/ranges.js';
import * as render from '../format/topology.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, together } from '../query/ask/asking.js';
import { type Cell, type Cells, cell, cellText } from '../query/cell.js';
import { gpuField } from '../query/gpu-fields.js';
import { count, text, words } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import * as topology from '../query/topology.js';
import { type ClassDevice, nics, nvmeDisks } from '../system/devices.js';
import type { SystemFiles } from '../system/files.js';
import { type PciPlace, pciLevel, placeOfBusId } from '../system/pci.js';

/** PIX, PHB and so on. */
export const levelKind = words(
  Object.fromEntries(topology.TOPOLOGY_LEVELS.map((level) => [level, render.levelLabel(level)])),
);

/** A set of CPUs or nodes: 0-31. Empty where there are none; NVML gives no node set on a machine without nodes. */
export const rangesCell = (numbers: readonly number[] | Missing): Cell =>
  cell(text, numbers instanceof Missing ? numbers : ranges(numbers));

const gpuLabel = ({ index }: Gpu): string => `GPU${index}`;

interface Joint {
  readonly path: Reading;
  readonly nvlinks: Reading;
}

/** A word without blanks, whatever the reason that there is no value: matrices are split at blanks. */
const matrixWord = (what: Cell): string => (what.reading instanceof Missing ? 'N/A' : cellText(what));

/** Where it is not known whether NVLinks join two GPUs, it is not known how they are joined. */
const jointText = ({ path, nvlinks }: Joint): string => {
  if (nvlinks instanceof Missing) return matrixWord(cell(levelKind, nvlinks));
  return Number(nvlinks) > 0 ? `NV${nvlinks}` : matrixWord(cell(levelKind, path));
};

/** Where a GPU sits; undefined for one that is lost, or that /sys does not show. */
function* placeOf(files: SystemFiles, gpu: Gpu): Asking<PciPlace | undefined> {
  const busId = yield* gpuField('pci.bus_id', gpu);
  return busId instanceof Missing ? undefined : placeOfBusId(files, String(busId));
}

const levelBetween = (a: PciPlace | undefined, b: PciPlace | undefined): Reading =>
  a === undefined || b === undefined ? NOT_SUPPORTED : pciLevel(a, b);

/** A device of the matrix, in all that its row and its JSON record need. */
interface Member {
  readonly shown: render.TopologyDevice;
  readonly record: Cells;
  readonly place: PciPlace | undefined;
}

function* gpuMember(files: SystemFiles, gpu: Gpu): Asking<Member> {
  const { cpus, memoryNodes, numaNode } = yield* topology.affinityOf(gpu);
  const affinity = {
    cpu_affinity: rangesCell(cpus),
    numa_affinity: rangesCell(memoryNodes),
    gpu_numa_id: cell(count, numaNode),
  };
  return {
    shown: {
      label: gpuLabel(gpu),
      affinity: {
        cpus: matrixWord(affinity.cpu_affinity),
        memory: matrixWord(affinity.numa_affinity),
        numaId: matrixWord(affinity.gpu_numa_id),
      },
    },
    record: { name: cell(text, gpuLabel(gpu)), ...affinity },
    place: yield* placeOf(files, gpu),
  };
}

function nicMember({ name, place }: ClassDevice, index: number): Member {
  const label = `NIC${index}`;
  return {
    shown: { label, device: plainText(name) },
    record: {
      name: cell(text, label),
      device: cell(text, name),
      numa_node: cell(count, place.numaNode ?? NOT_SUPPORTED),
    },
    place,
  };
}

export interface TopologyAnswer {
  readonly text: string;
  readonly parts: Readonly<Record<string, Part>>;
}

/** All GPUs and NICs against each other. NVML answers for pairs of GPUs, /sys for the rest. */
export function* matrix(
  gpus: readonly Gpu[],
  files: SystemFiles,
  withNvlinks: boolean,
  release: Release,
): Asking<TopologyAnswer> {
  const members = [
    ...(yield* together(gpus.map((gpu) => gpuMember(files, gpu)))),
    ...nics(files).map((nic, i) => nicMember(nic, i)),
  ];
  const ancestors = yield* topology.ancestors(gpus);
  const widths = withNvlinks ? yield* topology.nvlinkWidths(gpus) : [];
  const joints = members.map((from, i) =>
    members.map(
      (to, j): Joint => ({
        path: ancestors[i]?.[j] ?? levelBetween(from.place, to.place),
        nvlinks: widths[i]?.[j] ?? 0,
      }),
    ),
  );
  const cells = joints.map((row, i) => row.map((joint, j) => (i === j ? render.SELF : jointText(joint))));
  const connections = joints.flatMap((row, i) =>
    row.flatMap((joint, j): Cells[] => {
      const from = members[i]?.record.name;
      const to = members[j]?.record.name;
      if (from === undefined || to === undefined || j <= i) return [];
      const path = { from, to, path: cell(levelKind, joint.path) };
      return [withNvlinks ? { ...path, nvlinks: cell(count, joint.nvlinks) } : path];
    }),
  );
  return {
    text: render.matrixText(
      members.map(({ shown }) => shown),
      cells,
      withNvlinks,
      release,
    ),
    parts: { devices: members.map(({ record }) => record), connections },
  };
}

/** The GPUs against the NVMe disks. */
export function* nvmeMatrix(gpus: readonly Gpu[], files: SystemFiles): Asking<TopologyAnswer> {
  const disks = nvmeDisks(files);
  const places = yield* together(gpus.map((gpu) => placeOf(files, gpu)));
  const paths = places.map((place) => disks.map((disk) => cell(levelKind, levelBetween(place, disk.place))));
  const labels = gpus.map(gpuLabel);
  const names = disks.map(({ name }) => name);
  return {
    text: render.nvmeText(
      labels,
      names.map(plainText),
      paths.map((row) => row.map(matrixWord)),
    ),
    parts: {
      nvme: paths.flatMap((row, i) =>
        row.map((path, j) => ({ from: cell(text, labels[i] ?? ''), to: cell(text, names[j] ?? ''), path })),
      ),
    },
  };
}

export const p2pKind = words(
  Object.fromEntries(Array.from({ length: 7 }, (_, i) => [i, render.p2pLabel(i)])),
  'U',
);

/** What each pair of GPUs can do to one another. */
export function* p2pMatrix(gpus: readonly Gpu[], capability: number): Asking<TopologyAnswer> {
  const labels = gpus.map(gpuLabel);
  const statuses = yield* topology.p2pStatuses(gpus, capability);
  const pairs = statuses.map((row) => row.map((reading) => cell(p2pKind, reading)));
  return {
    text: render.p2pText(
      labels,
      pairs.map((row, i) => row.map((pair, j) => (i === j ? render.SELF.trim() : matrixWord(pair)))),
    ),
    parts: {
      p2p: pairs.flatMap((row, i) =>
        row.flatMap((status, j): Cells[] =>
          i === j ? [] : [{ from: cell(text, labels[i] ?? ''), to: cell(text, labels[j] ?? ''), status }],
        ),
      ),
    },
  };
}
