/** The processes that NVML lists for some GPUs, with what they used of the engines. All NVML reading of `ps` is here. */
import { nvmlDeviceGetMinorNumber } from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { read, want } from '../query/ask/asking.js';
import { gpuFields } from '../query/gpu-fields.js';
import { gpuProcesses, type PlacedProcess } from '../query/gpu-processes.js';
import { type EngineUse, ProcessUtilization } from '../query/monitor/process-utilization.js';
import { repeating } from '../query/monitor/repeated-utilization.js';
import { fixed } from '../query/probe.js';
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
  sample(): readonly GpuProcesses[];
}

const minorNumber = fixed(nvmlDeviceGetMinorNumber);

/** Prepares the questions about some GPUs: each remembers the time of its own newest sample. */
export function processSource(asker: Asker, gpus: readonly Gpu[]): ProcessSource {
  const known = gpus.map((gpu) => {
    const { handle } = gpu;
    const utilization = handle === undefined ? undefined : new ProcessUtilization(gpu);
    return {
      gpu,
      utilization,
      newest: utilization && repeating(asker, utilization),
      fixed: asker.run(gpuFields(['uuid', 'name'], gpu)),
      minor: asker.run(read([want(minorNumber)], gpu))[0] as Reading,
    };
  });
  return {
    sample: () =>
      known.map(({ gpu, utilization, newest, fixed, minor }): GpuProcesses => {
        const [uuid, name] = fixed as [Reading, Reading];
        const [usedMemory] = asker.run(gpuFields(['memory.used'], gpu)) as [Reading];
        const listed = asker.run(gpuProcesses(gpu));
        const use = newest?.();
        return {
          gpu,
          uuid,
          name,
          minor,
          usedMemory,
          processes:
            listed instanceof Missing
              ? listed
              : listed.map((process) => ({ ...process, use: use?.get(process.pid) })),
          usedAt: utilization?.newest ?? Missing.of(utilization?.answered ?? gpu.status),
        };
      }),
  };
}
