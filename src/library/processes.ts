/** The processes on GPUs, as `-q` lists them. */
import { errorText } from '../nvml/api/error.js';
import { errorOf } from '../nvml/api/raise.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { readGpuFields } from '../query/gpu-fields.js';
import { gpuProcesses } from '../query/gpu-processes.js';
import { count, type JsonScalar, type Kind, mebibytes, text } from '../query/kind.js';
import { askerOf } from '../query/read.js';
import type { GpuProcess } from './gpu-process.js';

/** The processes of some GPUs right now, by GPU and pid. A GPU that was lost before the machine was opened has none. */
export function processesNow(session: Session, gpus: readonly Gpu[]): GpuProcess[] {
  return gpus.flatMap((gpu) => {
    if (gpu.status !== 0) return [];
    const found = gpuProcesses(gpu, askerOf(session, gpu));
    if (found instanceof Missing) {
      const why = `the processes of GPU ${gpu.index} cannot be listed: ${errorText(found.status)}`;
      throw errorOf(found.status, 'processes', why);
    }
    if (found.length === 0) return [];
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
