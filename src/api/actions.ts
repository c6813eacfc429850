/** What an open machine that may be changed can do to its GPUs. */
import type { GpuOptions } from './gpus.js';

/** Which GPUs, and whether nothing is changed. */
export interface ActionOptions extends GpuOptions {
  /** Checks and asks only: `outcome` is `ready` where it could be done. */
  readonly dryRun?: boolean | undefined;
}

type ActionValue = number | string | boolean | null;

/** What came of an action on one GPU. A GPU that refuses does not keep the others from being changed. */
export interface ActionResult {
  /** The long name of the option of the program: `power-limit`. */
  readonly action: string;
  /** Its index. */
  readonly gpu: number;
  readonly uuid: string | null;
  readonly value: ActionValue;
  /** The fields of --query-gpu that it changes, before and after. */
  readonly before: Readonly<Record<string, ActionValue>>;
  readonly after: Readonly<Record<string, ActionValue>>;
  /** `ready` was checked alone; `unsupported` and `failed` say why in `message`. */
  readonly outcome: 'ready' | 'changed' | 'unchanged' | 'unsupported' | 'failed';
  /** NVML's status: 0, or NVML_ERROR_*. */
  readonly status: number;
  /** nvidia-smi's words, empty where it has none. */
  readonly message: string;
  /** Of a MIG action: the GPU instance, and the compute instance in it. Left out where none came of it. */
  readonly gpuInstance?: number;
  readonly computeInstance?: number;
  /** What it needs, and what it takes to show: `root`, `idle`, `reboot`, `reload`. */
  readonly needs: readonly string[];
}

export interface CreateOptions extends ActionOptions {
  /** Each GPU instance gets a compute instance that takes all of it. */
  readonly withCompute?: boolean | undefined;
}

export type ComputeMode = 'DEFAULT' | 'PROHIBITED' | 'EXCLUSIVE_PROCESS';

/**
 * Changes GPUs, with the checks of the program: what a GPU allows is asked first. A result for each GPU, in order. All throw
 * UnknownGpu for a GPU that is not there, TypeError for invalid arguments, and NVMLError_Uninitialized once the machine is closed.
 */
export interface Actions {
  persistenceMode(on: boolean, options?: ActionOptions): ActionResult[];
  /** Takes effect after a reboot. */
  eccMode(on: boolean, options?: ActionOptions): ActionResult[];
  /** Resets the counts since the driver was loaded, or those of the GPU's whole life. */
  resetEccErrors(counts: 'volatile' | 'aggregate', options?: ActionOptions): ActionResult[];
  computeMode(mode: ComputeMode, options?: ActionOptions): ActionResult[];
  accountingMode(on: boolean, options?: ActionOptions): ActionResult[];
  clearAccountedApps(options?: ActionOptions): ActionResult[];
  migMode(on: boolean, options?: ActionOptions): ActionResult[];
  /**
   * Creates a GPU instance of each profile, in their order: its number or its name, with a place where it matters: `3g.20gb`,
   * `9:4`. What a GPU refuses ends its list; a result for each attempt.
   */
  createGpuInstances(profiles: readonly string[], options?: CreateOptions): ActionResult[];
  /** Creates compute instances in a GPU instance: one that takes all of it where no profiles are given. */
  createComputeInstances(
    gpuInstance: number,
    profiles?: readonly string[],
    options?: ActionOptions,
  ): ActionResult[];
  /** Destroys the GPU instances with these ids, or all of them. Their compute instances have to be destroyed before. */
  destroyGpuInstances(ids?: readonly number[], options?: ActionOptions): ActionResult[];
  /** Destroys the compute instances of the GPU instances with these ids, or of all of them. */
  destroyComputeInstances(gpuInstances?: readonly number[], options?: ActionOptions): ActionResult[];
  /** In watts. */
  powerLimit(watts: number, options?: ActionOptions): ActionResult[];
  /** Locks the GPU clock between two clocks in MHz, or at one. */
  lockGpuClocks(low: number, high?: number, options?: ActionOptions): ActionResult[];
  resetGpuClocks(options?: ActionOptions): ActionResult[];
  /** The same of the memory clock. */
  lockMemoryClocks(low: number, high?: number, options?: ActionOptions): ActionResult[];
  resetMemoryClocks(options?: ActionOptions): ActionResult[];
  /** In MHz. */
  applicationsClocks(memory: number, graphics: number, options?: ActionOptions): ActionResult[];
  resetApplicationsClocks(options?: ActionOptions): ActionResult[];
  /** In degrees Celsius. */
  targetTemperature(celsius: number, options?: ActionOptions): ActionResult[];
}
