/** The processes of a GPU as records: memory, and whose they are. They are asked for, as their series come and go. */

import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { gpuProcesses } from '../query/gpu-processes.js';
import type { Reading } from '../query/reading.js';
import type { SystemFiles } from '../system/files.js';
import type { Labels, Observed } from './observed.js';
import { ownerOf } from './process-owner.js';
import type { Failures } from './readings.js';

/** Processes of one GPU that get series. Each is a series of its own in every dialect. */
export const MOST_PROCESSES = 256;

const text = (name: string, reading: Reading): Labels =>
  reading instanceof Missing ? {} : { [name]: String(reading) };

export function processRecords(
  gpu: Gpu,
  of: Labels,
  asker: Asker,
  files: SystemFiles,
  failures: Failures,
): readonly Observed[] {
  const processes = asker.run(gpuProcesses(gpu));
  if (processes instanceof Missing) {
    failures.count(processes);
    return [];
  }
  return processes
    .slice(0, MOST_PROCESSES)
    .map(({ pid, type, name, usedMemory, gpuInstance, computeInstance }) => {
      const used = failures.number(usedMemory);
      return {
        relation: 'process',
        labels: {
          ...of,
          pid: String(pid),
          type,
          ...text('process_name', name),
          ...text('gpu_instance_id', gpuInstance),
          ...text('compute_instance_id', computeInstance),
          ...ownerOf(pid, files),
        },
        values: used === undefined ? {} : { 'process.used_memory': used },
      };
    });
}
