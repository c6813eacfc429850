/** Table: the CPUs and the memory that a GPU is near to. */
import { NVML_AFFINITY_SCOPE_NODE } from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetCpuAffinity,
  nvmlDeviceGetMemoryAffinity,
  nvmlDeviceGetNumaNodeId,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { bitRanges, maskOf } from '../bits.js';
import { from, type Row } from '../field.js';
import { count } from '../kind.js';
import { fixed } from '../probe.js';
import type { Answer, Reading } from '../reading.js';

function mask(answer: Answer): Reading {
  const memory = answer.memory();
  return memory === undefined ? Missing.of(answer.status) : maskOf(memory);
}

export const cpuAffinity: Row = {
  id: 3017,
  names: ['cpu_affinity'],
  help: 'CPUs near the GPU, as ranges: 0-31.',
  kind: bitRanges,
  source: from(fixed(nvmlDeviceGetCpuAffinity), mask),
};

export const numaAffinity: Row = {
  id: 3018,
  names: ['numa_affinity'],
  help: 'NUMA nodes near the GPU, as ranges: 0-1.',
  kind: bitRanges,
  source: from(fixed(nvmlDeviceGetMemoryAffinity, { scope: NVML_AFFINITY_SCOPE_NODE }), mask),
};

export const gpuNumaId: Row = {
  id: 3019,
  names: ['gpu_numa_id'],
  help: 'NUMA node formed by the memory of the GPU, if the CPU can address it.',
  kind: count,
  source: from(fixed(nvmlDeviceGetNumaNodeId), 'value'),
  metric: null,
};

export const affinity: readonly Row[] = [cpuAffinity, numaAffinity, gpuNumaId];
