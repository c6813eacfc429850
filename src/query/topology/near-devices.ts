/** Devices beside the GPUs, NICs and NVMe disks, and how PCIe connects them. NVML does not know them; the system does. */
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import type { Asking } from '../ask/asking.js';
import type { NearbyDevice } from '../ask/field-reader.js';
import type { Subject } from '../ask/subject.js';
import { type Field, item } from '../field.js';
import { gpuField } from '../gpu-fields.js';
import { count, type Kind, text } from '../kind.js';
import type { Found, Relation } from '../relation.js';
import { levelKind } from './words.js';

const found = (name: string, kind: Kind, help: string): Field => ({
  names: [name],
  help,
  kind,
  source: item(name),
});

const HOW = 'How PCIe connects the two: PIX, PXB, PHB, NODE or SYS.';
const nicName = found('nic', text, 'Name of the NIC: NIC0.');
const nicDevice = found('device', text, 'Kernel name of the NIC: mlx5_0.');
const nicPath = found('path', levelKind, HOW);
const diskName = found('disk', text, 'Kernel name of the disk: nvme0.');

/** What is found with a device; the path where the GPU's own place is known. */
const withPath = (busId: string | undefined, device: NearbyDevice) => ({
  path: busId === undefined ? NOT_SUPPORTED : device.levelTo(busId),
  numa_node: device.numaNode ?? NOT_SUPPORTED,
});

function* placeOf(gpu: Subject): Asking<string | undefined> {
  const busId = yield* gpuField('pci.bus_id', gpu);
  return busId instanceof Missing ? undefined : String(busId);
}

const nicLabel = (index: number): string => `NIC${index}`;

export const gpuNics: Relation = {
  name: 'gpu_nics',
  record: 'the connection of a GPU to a NIC with RDMA',
  fields: [nicName, nicDevice, found('numa_node', count, 'NUMA node of the NIC.'), nicPath],
  *find(gpu, _, { devices } = {}) {
    const busId = yield* placeOf(gpu);
    return (devices?.nics() ?? []).map((nic, i) => ({
      values: { nic: nicLabel(i), device: nic.name, ...withPath(busId, nic) },
    }));
  },
};

export const gpuNvmeDisks: Relation = {
  name: 'gpu_nvme_disks',
  record: 'the connection of a GPU to an NVMe disk',
  fields: [diskName, found('numa_node', count, 'NUMA node of the disk.'), nicPath],
  *find(gpu, _, { devices } = {}) {
    const busId = yield* placeOf(gpu);
    return (devices?.nvmeDisks() ?? []).map((disk) => ({
      values: { disk: disk.name, ...withPath(busId, disk) },
    }));
  },
};

const nicPeer = found('peer', text, 'Name of the other NIC: NIC1.');

export const nicPairs: Relation = {
  name: 'nic_pairs',
  record: 'a pair of NICs',
  of: 'system',
  fields: [nicName, nicPeer, nicPath],
  *find(_, __, { devices } = {}) {
    const nics = devices?.nics() ?? [];
    return nics.flatMap((nic, i) =>
      nics.flatMap((other, j): Found[] =>
        j > i ? [{ values: { nic: nicLabel(i), peer: nicLabel(j), path: nic.levelTo(other) } }] : [],
      ),
    );
  },
};
