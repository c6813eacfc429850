/** The processes on GPUs, as `-q` lists them. */
import { errorText } from '../nvml/functions/error.js';
import { errorOf } from '../nvml/functions/raise.js';
import { Missing } from '../nvml/status.js';
import { type Asking, eachOf, read, want } from '../query/ask/asking.js';
import { gpuField } from '../query/gpu-fields.js';
import { count, mebibytes, text } from '../query/kind.js';
import { computeInstanceId, gpuInstanceId } from '../query/mig/mig.js';
import { gpuProcesses } from '../query/process/gpu-processes.js';
import type { Chosen } from './chosen-gpus.js';
import type { GpuProcess } from './gpu-process.js';
import { jsonValue } from './gpu-records.js';

/**
 * The processes of some GPUs or MIG devices, by GPU and pid. A GPU that was lost before the machine was opened has none.
 * Throws NVMLError where the processes of a GPU cannot be listed.
 */
export const processesOn = (chosen: readonly Chosen[]): Asking<readonly GpuProcess[]> =>
  eachOf(chosen, processesOf);

function* processesOf(one: Chosen): Asking<readonly GpuProcess[]> {
  const { gpu, subject } = one;
  if (gpu.status !== 0) return [];
  const found = yield* gpuProcesses(gpu);
  if (found instanceof Missing) {
    const why = `the processes of GPU ${gpu.index} cannot be listed: ${errorText(found.status)}`;
    throw errorOf(found.status, 'processes', why);
  }
  if (found.length === 0) return [];
  const uuid = jsonValue(text, yield* gpuField('uuid', gpu)) as string | null;
  const all = found.map(
    ({ gpuInstance, computeInstance, pid, type, name, usedMemory }): GpuProcess => ({
      gpu: gpu.index,
      uuid,
      gpu_instance_id: jsonValue(count, gpuInstance) as number | null,
      compute_instance_id: jsonValue(count, computeInstance) as number | null,
      pid,
      type,
      process_name: jsonValue(text, name) as string | null,
      used_gpu_memory: jsonValue(mebibytes, usedMemory) as number | null,
    }),
  );
  if (subject === gpu) return all;
  const ids = yield* read([want(gpuInstanceId), want(computeInstanceId)], subject);
  const [gi, ci] = ids.map((id) => jsonValue(count, id));
  return all.filter((process) => process.gpu_instance_id === gi && process.compute_instance_id === ci);
}
