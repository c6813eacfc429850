/** Table: what the JSON of `topo` has for each question. */
import { bitRanges } from '../../query/bits.js';
import { type Field, item } from '../../query/field.js';
import { affinity, gpuNumaId } from '../../query/gpu/affinity.js';
import { identity } from '../../query/identity.js';
import { count } from '../../query/kind.js';
import { gpuPairs, pairPath, peer } from '../../query/topology/gpu-pairs.js';
import { gpuNics, gpuNvmeDisks, nicPairs } from '../../query/topology/near-devices.js';
import type { JsonPart } from '../command.js';
import { gpusPart, partOf } from '../runner/json-parts.js';

const cpu: Field = { names: ['cpu'], help: 'Number of the CPU.', kind: count, source: item('cpu') };
const nodes: Field = {
  names: ['numa_nodes'],
  help: 'NUMA nodes as ranges: 0-1.',
  kind: bitRanges,
  source: item('numa_nodes'),
};

const part = (name: string, of: string, fields: readonly Field[], isList = false): JsonPart => ({
  name,
  of,
  isList,
  isAlways: false,
  fields,
  required: fields,
});

const pair = [identity.gpu, peer, pairPath];

export const topologyParts: readonly JsonPart[] = [
  { ...gpusPart([], affinity), isAlways: false },
  ...[gpuPairs, gpuNics, nicPairs, gpuNvmeDisks].map(partOf),
  part('near_cpu', 'a GPU near the CPU', [cpu, identity.gpu], true),
  part('nearest', 'a GPU that the GPU of -i reaches at that level', pair, true),
  part('path', 'the two GPUs of -i', pair),
  part('nearest_cpu', 'the GPU of -i', [identity.gpu, nodes]),
  part('nearest_memory', 'the GPU of -i', [identity.gpu, nodes]),
  part('gpu_numa_id', 'the GPU of -i', [identity.gpu, gpuNumaId]),
];
