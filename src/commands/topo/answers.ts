import { EXIT, UsageError } from '../../base/errors.js';
import * as render from '../../format/topology.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusReason, statusWords } from '../../nvml/status.js';
import type { Asking } from '../../query/ask/asking.js';
import { readFields, readFound } from '../../query/ask/records.js';
import { bitRanges, bitsOf, setBits } from '../../query/bits.js';
import { type Cells, cell, cellText } from '../../query/cell.js';
import type { Field } from '../../query/field.js';
import { cpuAffinity, gpuNumaId, numaAffinity } from '../../query/gpu/affinity.js';
import { count } from '../../query/kind.js';
import type { Reading } from '../../query/reading.js';
import { pairOf, pairPath } from '../../query/topology/gpu-pairs.js';
import * as topology from '../../query/topology/topology.js';
import { levelKind } from '../../query/topology/words.js';
import { nodesOfCpus } from '../../system/cpus.js';
import type { AboutGpus, TopologyAnswer, TopoScope } from './question.js';

/** nvidia-smi's refusals end with an empty line (H100, H200, 580.159.04). */
function aboutOne(what: string, answer: (scope: TopoScope, gpu: Gpu) => Asking<TopologyAnswer>): AboutGpus {
  const refusal = `${what} must be used in conjunction with the -i argument which must be a single identifier.\n`;
  return {
    refusal,
    *answer(scope) {
      const [gpu, ...more] = scope.chosen;
      if (gpu === undefined || more.length > 0) throw new UsageError(refusal);
      return yield* answer(scope, gpu);
    },
  };
}

const of = (index: number) => cell(count, index);

export function* nearCpu(scope: TopoScope): Asking<TopologyAnswer> {
  const { cpu = 0 } = scope.given;
  const gpus = yield* topology.gpusNearCpu(scope.session.gpus, cpu);
  if (gpus instanceof Missing) {
    // Whatever the status: 550.163.01 with failing calls.
    throw new UsageError(
      'Failed to display GPUs with affinity for a given CPU information\n',
      EXIT.unknownOption,
      `nvmlSystemGetTopologyGpuSet: ${statusReason(gpus.status)}`,
    );
  }
  return {
    text: render.cpuText(cpu, gpus),
    parts: { near_cpu: gpus.map((gpu) => ({ cpu: of(cpu), gpu: of(gpu) })) },
  };
}

/** The record of a pair of GPUs. */
const pairRecord = (gpu: number, other: number, level: Reading): Cells => ({
  gpu: of(gpu),
  peer: of(other),
  path: cell(levelKind, level),
});

export const nearest = aboutOne('Nearest GPUs argument', function* ({ session, given }, gpu) {
  const level = topology.TOPOLOGY_LEVELS[given.nearest_gpus ?? -1];
  const failure = (why?: string): UsageError =>
    new UsageError('Failed to display the nearest GPUs\n', EXIT.unknownOption, why);
  if (level === undefined) throw failure();
  const found = yield* topology.nearestGpus(session.gpus, gpu, level);
  if (found instanceof Missing) {
    throw failure(`nvmlDeviceGetTopologyNearestGpus: ${statusReason(found.status)}`);
  }
  return {
    text: render.nearestText(gpu.index, level, found),
    parts: { nearest: found.map((other) => pairRecord(gpu.index, other, level)) },
  };
});

export const path: AboutGpus = {
  // "conjection" is nvidia-smi's (H100, H200, 580.159.04).
  refusal:
    'Path command line flag must be used in conjection with the -i argument which must be two GPU identifiers.\n',
  *answer({ chosen }) {
    const [from, to, ...more] = chosen;
    if (from === undefined || to === undefined || more.length > 0) throw new UsageError(path.refusal);
    const [pair] = yield* readFound([pairOf(to)], [pairPath], from);
    const [level = NOT_SUPPORTED] = pair?.readings ?? [];
    if (level instanceof Missing) {
      throw new UsageError(
        `The path between GPU ${from.index} and GPU ${to.index} is not known: ${statusWords(level.status)}`,
        level.status,
      );
    }
    return {
      text: render.pathText(from.index, to.index, Number(level)),
      parts: { path: pairRecord(from.index, to.index, level) },
    };
  },
};

/** One field of the GPU of -i. */
function* readOfGpu(field: Field, gpu: Gpu): Asking<Reading> {
  const [reading = NOT_SUPPORTED] = yield* readFields([field], gpu);
  return reading;
}

const nearbyNodes = (
  kind: 'CPU' | 'memory',
  nodes: (scope: TopoScope, gpu: Gpu) => Asking<Reading>,
): AboutGpus =>
  aboutOne(`NUMA ID of nearest ${kind}`, function* (scope, gpu) {
    const found = cell(bitRanges, yield* nodes(scope, gpu));
    return {
      text: render.nodesText(kind, cellText(found)),
      parts: { [`nearest_${kind.toLowerCase()}`]: { gpu: of(gpu.index), numa_nodes: found } },
    };
  });

export const cpuNodes = nearbyNodes('CPU', function* ({ files }, gpu) {
  const cpus = yield* readOfGpu(cpuAffinity, gpu);
  return cpus instanceof Missing ? cpus : bitsOf(nodesOfCpus(files, setBits(cpus)));
});

export const memoryNodes = nearbyNodes('memory', (_, gpu) => readOfGpu(numaAffinity, gpu));

export const numaId = aboutOne('GPU NUMA ID', function* (_, gpu) {
  const id = cell(count, yield* readOfGpu(gpuNumaId, gpu));
  return { text: `${cellText(id)}\n`, parts: { gpu_numa_id: { gpu: of(gpu.index), gpu_numa_id: id } } };
});
