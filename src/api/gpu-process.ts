/** What is known of a process on a GPU. */
import type { ProcessType } from '../query/process-type.js';

/** A process on a GPU. The names are those of the report and of --query-compute-apps. */
export interface GpuProcess {
  /** Index of the GPU. */
  readonly gpu: number;
  readonly uuid: string | null;
  /** The MIG instance that the process runs on; null on a GPU that is not divided. */
  readonly gpu_instance_id: number | null;
  readonly compute_instance_id: number | null;
  readonly pid: number;
  readonly type: ProcessType;
  /** As it was started; null where it has ended meanwhile, or may not be looked at. */
  readonly process_name: string | null;
  /** MiB of the GPU's memory; null where the driver does not say. */
  readonly used_gpu_memory: number | null;
}
