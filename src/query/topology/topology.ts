/** Which GPUs are near a GPU or a CPU. */
import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetTopologyNearestGpus,
  nvmlSystemGetTopologyGpuSet,
} from '../../nvml/generated/entries.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, type Status } from '../../nvml/status.js';
import { type Asking, ask } from '../ask/asking.js';
import { fixed, type Probe } from '../probe.js';
import type { Answer } from '../reading.js';

/** The levels by the number that `topo -n` gives them: 0 is the nearest. */
export const TOPOLOGY_LEVELS: readonly number[] = [
  nvml.NVML_TOPOLOGY_INTERNAL,
  nvml.NVML_TOPOLOGY_SINGLE,
  nvml.NVML_TOPOLOGY_MULTIPLE,
  nvml.NVML_TOPOLOGY_HOSTBRIDGE,
  nvml.NVML_TOPOLOGY_NODE,
  nvml.NVML_TOPOLOGY_SYSTEM,
];

const nearest = (level: number): Probe => fixed(nvmlDeviceGetTopologyNearestGpus, { level });
const nearCpu = (cpu: number): Probe => fixed(nvmlSystemGetTopologyGpuSet, { cpuNumber: cpu });

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
