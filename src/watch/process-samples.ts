/** The processes that NVML lists for some GPUs, with what they used of the engines. All NVML reading of `ps` is here. */
import { nvmlDeviceGetMinorNumber } from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, NO_ANSWER } from '../nvml/status.js';
import { type Asking, read, together, want } from '../query/ask/asking.js';
import { gpuFields } from '../query/gpu-fields.js';
import { type EngineUse, ProcessUtilization } from '../query/monitor/process-utilization.js';
import { type EngineUses, repeating } from '../query/monitor/repeated-utilization.js';
import { fixed } from '../query/probe.js';
import { gpuProcesses, type PlacedProcess } from '../query/process/gpu-processes.js';
import { namesOf, namesOnce } from '../query/process/processes.js';
import type { Reading } from '../query/reading.js';

/** A process on a GPU, with its share of the engines since the sample before. */
export interface UsedProcess extends PlacedProcess {
  /** Undefined where the driver has no newer sample of it. */
  readonly use: EngineUse | undefined;
}

export interface GpuProcesses {
  readonly gpu: Gpu;
  readonly uuid: Reading;
  readonly name: Reading;
  /** The number of its device file, /dev/nvidiaN. */
  readonly minor: Reading;
  /** Bytes. */
  readonly usedMemory: Reading;
  readonly processes: readonly UsedProcess[] | Missing;
  /** When the newest sample of the engines was taken, in milliseconds since the epoch, or why there is none. */
  readonly usedAt: Reading;
}

export interface ProcessSource {
  /** Asks now. Every GPU has an entry. */
  sample(): Asking<readonly GpuProcesses[]>;
}

const minorNumber = fixed(nvmlDeviceGetMinorNumber);

/** What is known of a GPU beside its processes. */
type AboutGpu = Pick<GpuProcesses, 'uuid' | 'name' | 'minor' | 'usedMemory'>;

interface ProcessGpu {
  readonly gpu: Gpu;
  readonly utilization: ProcessUtilization | undefined;
  readonly newest: (() => Asking<EngineUses>) | undefined;
  /** For a loop: from the first sample that had an answer. */
  about?: AboutGpu;
}

/**
 * Prepares the questions about some GPUs: each remembers the time of its own newest sample. A loop asks about a GPU itself once,
 * its memory included, which has to come from elsewhere then, and once for the name of each process.
 */
export function processSource(gpus: readonly Gpu[], isLoop = false): ProcessSource {
  const known = gpus.map((gpu): ProcessGpu => {
    const utilization = gpu.handle === undefined ? undefined : new ProcessUtilization(gpu);
    return { gpu, utilization, newest: utilization && repeating(utilization) };
  });
  return { sample: () => together(known.map((each) => sampleOf(each, isLoop))) };
}

function* sampleOf(known: ProcessGpu, isLoop: boolean): Asking<GpuProcesses> {
  const { gpu, utilization, newest } = known;
  const about = known.about ?? (yield* aboutOf(gpu));
  if (isLoop && !Object.values(about).some(isNoAnswer)) known.about = about;
  const [listed, use] = (yield* together<unknown>([
    gpuProcesses(gpu, isLoop ? namesOnce : namesOf),
    newest?.() ?? nothing(),
  ])) as [readonly PlacedProcess[] | Missing, EngineUses | undefined];
  return {
    gpu,
    ...about,
    processes:
      listed instanceof Missing
        ? listed
        : listed.map((process) => ({ ...process, use: use?.get(process.pid) })),
    usedAt: utilization?.newest ?? Missing.of(utilization?.answered ?? gpu.status),
  };
}

function* nothing(): Asking<undefined> {}

function* aboutOf(gpu: Gpu): Asking<AboutGpu> {
  const [uuid, name, usedMemory] = (yield* gpuFields(['uuid', 'name', 'memory.used'], gpu)) as [
    Reading,
    Reading,
    Reading,
  ];
  const [minor] = (yield* read([want(minorNumber)], gpu)) as [Reading];
  return { uuid, name, usedMemory, minor };
}

/** Whether a question was left without an answer. */
export const isNoAnswer = (reading: unknown): boolean =>
  reading instanceof Missing && reading.status === NO_ANSWER;
