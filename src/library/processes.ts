/** The processes on GPUs, as `-q` lists them. */
import { errorText } from '../nvml/api/error.js';
import { errorOf } from '../nvml/api/raise.js';
import type { Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { readGpuFields } from '../query/gpu-fields.js';
import { gpuProcesses } from '../query/gpu-processes.js';
import { count, mebibytes, text } from '../query/kind.js';
import { computeInstanceId, gpuInstanceId } from '../query/mig.js';
import { askerOf, askProbe } from '../query/read.js';
import type { Chosen } from './chosen-gpus.js';
import type { GpuProcess } from './gpu-process.js';
import { jsonValue } from './gpu-records.js';

/**
 * The processes of some GPUs or MIG devices right now, by GPU and pid. A GPU that was lost before the machine was opened has
 * none.
 */
export function processesNow(session: Session, chosen: readonly Chosen[]): GpuProcess[] {
  session.driver.beginSample?.(processesNow);
  return chosen.flatMap((one) => {
    const { gpu } = one;
    if (gpu.status !== 0) return [];
    const found = gpuProcesses(gpu, askerOf(session, gpu));
    if (found instanceof Missing) {
      const why = `the processes of GPU ${gpu.index} cannot be listed: ${errorText(found.status)}`;
      throw errorOf(found.status, 'processes', why);
    }
    if (found.length === 0) return [];
    const uuid = jsonValue(text, readGpuFields(session, gpu, ['uuid'])[0]) as string | null;
    const all = found.map(
      ({ gpuInstance, computeInstance, pid, type, name, usedMemory }): GpuProcess => ({
        gpu: gpu.index,
        gpu_uuid: uuid,
        gpu_instance_id: jsonValue(count, gpuInstance) as number | null,
        compute_instance_id: jsonValue(count, computeInstance) as number | null,
        pid,
        type,
        process_name: jsonValue(text, name) as string | null,
        used_memory: jsonValue(mebibytes, usedMemory) as number | null,
      }),
    );
    return one.subject === gpu ? all : all.filter(placed(session, one));
  });
}

/** Whether a process is on a MIG device. */
function placed(session: Session, { subject }: Chosen): (process: GpuProcess) => boolean {
  const [gi, ci] = [gpuInstanceId, computeInstanceId].map((probe) =>
    jsonValue(count, askProbe(session, probe, subject).read('value')),
  );
  return (process) => process.gpu_instance_id === gi && process.compute_instance_id === ci;
}
