/** What is known of a process on a GPU. */
import type { ProcessType } from '../query/process/process-type.js';

/** A process on a GPU. The names are those of the report and of --query-compute-apps. */
export interface GpuProcess {
  /** Index of the GPU. */
  readonly gpu: number;
  readonly uuid: string | null;
  /** The MIG instance that the process runs on; null without MIG. */
  readonly gpu_instance_id: number | null;
  readonly compute_instance_id: number | null;
  readonly pid: number;
  readonly type: ProcessType;
  /** The name as it was started; null if the process has ended, or the user may not see it. */
  readonly process_name: string | null;
  /** GPU memory in MiB; null if the driver does not report it. */
  readonly used_gpu_memory: number | null;
}
