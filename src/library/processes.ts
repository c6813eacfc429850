/** The processes on GPUs, as `-q` lists them. */
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { readGpuFields } from '../query/gpu-fields.js';
import { gpuProcesses } from '../query/gpu-processes.js';
import { count, type JsonScalar, type Kind, mebibytes, text } from '../query/kind.js';
import { askProbe } from '../query/read.js';
import type { GpuProcess } from './gpu-process.js';

/** The processes of some GPUs right now, by GPU and pid. A lost GPU has none. */
export function processesNow(session: Session, gpus: readonly Gpu[]): GpuProcess[] {
  session.driver.beginSample?.(processesNow);
  return gpus.flatMap((gpu) => {
    const found = gpuProcesses(gpu, (probe, about = gpu) => askProbe(session, probe, about));
    if (found instanceof Missing || found.length === 0) return [];
    const uuid = value(text, readGpuFields(session, gpu, ['uuid'])[0]) as string | null;
    return found.map(
      ({ gpuInstance, computeInstance, pid, type, name, usedMemory }): GpuProcess => ({
        gpu: gpu.index,
        gpu_uuid: uuid,
        gpu_instance_id: value(count, gpuInstance) as number | null,
        compute_instance_id: value(count, computeInstance) as number | null,
        pid,
        type,
        process_name: value(text, name) as string | null,
        used_memory: value(mebibytes, usedMemory) as number | null,
      }),
    );
  });
}

const value = (kind: Kind, reading: Reading | undefined): JsonScalar =>
  reading === undefined || reading instanceof Missing ? null : kind.json(reading);
