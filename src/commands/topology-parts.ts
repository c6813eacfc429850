/** Table: what the JSON of `topo` has for each question. */
import { type Field, item } from '../query/field.js';
import { identity } from '../query/identity.js';
import { count, type Kind, text } from '../query/kind.js';
import type { JsonPart } from './command.js';
import { levelKind, p2pKind } from './topology-matrix.js';

const field = (name: string, help: string, kind: Kind = text): Field => ({
  names: [name],
  help,
  kind,
  source: item(name),
});

const path = field('path', 'How PCIe connects the two: PIX, PXB, PHB, NODE or SYS.', levelKind);
const [fromDevice, toDevice] = [
  field('from', 'Name of a device: GPU0, NIC0.'),
  field('to', 'Name of a device: GPU0, NIC0, nvme0n1.'),
];
const [fromGpu, toGpu] = [
  field('from', "NVML's index of a GPU.", count),
  field('to', "NVML's index of a GPU.", count),
];
const nodes = field('numa_nodes', 'NUMA nodes as ranges: 0-1.');
const gpuNode = field('gpu_numa_id', 'NUMA node that the memory of the GPU forms.', count);

const part = (
  name: string,
  of: string,
  fields: readonly Field[],
  sometimes: readonly Field[] = [],
  isList = true,
): JsonPart => ({ name, of, isList, isAlways: false, fields: [...fields, ...sometimes], required: fields });

const record = (name: string, of: string, fields: readonly Field[]): JsonPart =>
  part(name, of, fields, [], false);

export const topologyParts: readonly JsonPart[] = [
  part(
    'devices',
    'a GPU or a NIC',
    [field('name', 'Name of the device: GPU0, NIC0.')],
    [
      field('cpu_affinity', 'CPUs near the GPU, as ranges: 0-31.'),
      field('numa_affinity', 'NUMA nodes near the GPU, as ranges.'),
      gpuNode,
      field('device', 'Name that the kernel has for the NIC: mlx5_0.'),
      field('numa_node', 'NUMA node of the NIC.', count),
    ],
  ),
  part(
    'connections',
    'a pair of devices',
    [fromDevice, toDevice, path],
    [field('nvlinks', 'Number of NVLinks between the two; 0 where only PCIe connects them.', count)],
  ),
  part('near_cpu', 'a GPU near the CPU', [field('cpu', 'Number of the CPU.', count), identity.gpu]),
  part('nearest', 'a GPU that the GPU of -i reaches that way', [fromGpu, path, identity.gpu]),
  record('path', 'the two GPUs of -i', [fromGpu, toGpu, path]),
  part('p2p', 'a pair of GPUs', [
    fromDevice,
    toDevice,
    field('status', 'OK, or why not: CNS, GNS, TNS, DR, NS, U.', p2pKind),
  ]),
  record('nearest_cpu', 'the GPU of -i', [identity.gpu, nodes]),
  record('nearest_memory', 'the GPU of -i', [identity.gpu, nodes]),
  record('gpu_numa_id', 'the GPU of -i', [identity.gpu, gpuNode]),
  part('nvme', 'a GPU and an NVMe disk', [fromDevice, toDevice, path]),
];
