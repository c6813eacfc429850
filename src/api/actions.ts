/** What an open machine that may be changed can do to its GPUs. */
import type { GpuOptions } from './gpus.js';

/** Which GPUs, and whether nothing is changed. */
export interface ActionOptions extends GpuOptions {
  /** Only checks: `outcome` is `ready` if the change could be made. */
  readonly dryRun?: boolean | undefined;
}

type ActionValue = number | string | boolean | null;

/** The result of an action on one GPU. A failure does not stop the changes of other GPUs. */
export interface ActionResult {
  /** The long name of the command line option: `power-limit`. */
  readonly action: string;
  /** Its index. */
  readonly gpu: number;
  readonly uuid: string | null;
  readonly value: ActionValue;
  /** The fields of --query-gpu that it changes, before and after the change. */
  readonly before: Readonly<Record<string, ActionValue>>;
  readonly after: Readonly<Record<string, ActionValue>>;
  /** `ready` was only checked; for `unsupported` and `failed`, `message` has the reason. */
  readonly outcome: 'ready' | 'changed' | 'unchanged' | 'unsupported' | 'failed';
  /** NVML's status: 0, or NVML_ERROR_*. */
  readonly status: number;
  /** nvidia-smi's message; may be empty. */
  readonly message: string;
  /** Of a MIG action: the GPU instance, and the compute instance in it. Absent if none was created. */
  readonly gpuInstance?: number;
  readonly computeInstance?: number;
  /** What the change needs, or needs to take effect: `root`, `idle`, `reboot`, `reload`. */
  readonly needs: readonly string[];
}

export interface CreateOptions extends ActionOptions {
  /** Creates a compute instance in each GPU instance, using all of it. */
  readonly withCompute?: boolean | undefined;
}

export type ComputeMode = 'DEFAULT' | 'PROHIBITED' | 'EXCLUSIVE_PROCESS';

/**
 * Changes GPUs, with the checks of the command: the limits of each GPU are read first. Returns a result for each GPU, in order. All throw
 * UnknownGpu for a GPU that does not exist, TypeError for invalid arguments, and NVMLError_Uninitialized once the machine is closed.
 */
export interface Actions {
  persistenceMode(on: boolean, options?: ActionOptions): ActionResult[];
  /** Takes effect after a reboot. */
  eccMode(on: boolean, options?: ActionOptions): ActionResult[];
  /** Resets the counts since the driver was loaded (volatile), or those over the life of the GPU (aggregate). */
  resetEccErrors(counts: 'volatile' | 'aggregate', options?: ActionOptions): ActionResult[];
  computeMode(mode: ComputeMode, options?: ActionOptions): ActionResult[];
  accountingMode(on: boolean, options?: ActionOptions): ActionResult[];
  clearAccountedApps(options?: ActionOptions): ActionResult[];
  migMode(on: boolean, options?: ActionOptions): ActionResult[];
  /**
   * Creates a GPU instance of each profile, in order. A profile is a number or a name, optionally with a placement: `3g.20gb`,
   * `9:4`. A failure ends the list of that GPU. Returns a result for each attempt.
   */
  createGpuInstances(profiles: readonly string[], options?: CreateOptions): ActionResult[];
  /** Creates compute instances in a GPU instance; without profiles, one that uses all of it. */
  createComputeInstances(
    gpuInstance: number,
    profiles?: readonly string[],
    options?: ActionOptions,
  ): ActionResult[];
  /** Destroys the GPU instances with these ids, or all of them. Their compute instances must be destroyed first. */
  destroyGpuInstances(ids?: readonly number[], options?: ActionOptions): ActionResult[];
  /** Destroys the compute instances of the GPU instances with these ids, or of all of them. */
  destroyComputeInstances(gpuInstances?: readonly number[], options?: ActionOptions): ActionResult[];
  /** In watts. */
  powerLimit(watts: number, options?: ActionOptions): ActionResult[];
  /** Locks the GPU clock to a range, or to one frequency, in MHz. */
  lockGpuClocks(low: number, high?: number, options?: ActionOptions): ActionResult[];
  resetGpuClocks(options?: ActionOptions): ActionResult[];
  /** The same for the memory clock. */
  lockMemoryClocks(low: number, high?: number, options?: ActionOptions): ActionResult[];
  resetMemoryClocks(options?: ActionOptions): ActionResult[];
  /** In MHz. */
  applicationsClocks(memory: number, graphics: number, options?: ActionOptions): ActionResult[];
  resetApplicationsClocks(options?: ActionOptions): ActionResult[];
  /** In degrees Celsius. */
  targetTemperature(celsius: number, options?: ActionOptions): ActionResult[];
}
