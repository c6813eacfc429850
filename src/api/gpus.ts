/** Which GPUs there are, and which a question is about. */
import { jsonText } from '../base/plain-text.js';
import type { Sample } from './query.js';

/**
 * A GPU by its index, its UUID, its PCI bus id or its serial number, as `-i` takes them; or a MIG device by its UUID, as
 * CUDA_VISIBLE_DEVICES takes it.
 */
export type GpuName = number | string;

export interface GpuOptions {
  /**
   * Only these GPUs, in this order: `[0]`, `['GPU-6a…', '00000000:1B:00.0']`. Default: all, by index. A MIG device
   * (`['MIG-6a…']`) is asked itself, or, by a report, the GPU that it is a part of.
   */
  readonly gpus?: readonly GpuName[] | undefined;
}

/** A part of a GPU that programs see as a GPU of their own. */
export interface MigDevice {
  /** Its number among those of the GPU, as `-L` counts them. */
  readonly device: number;
  /** What it has of the GPU: `MIG 2c.3g.20gb`. */
  readonly profile: string | null;
  readonly uuid: string | null;
  readonly gpu_instance_id: number | null;
  readonly compute_instance_id: number | null;
}

/** Who a GPU is. What cannot be read is null, and `reasons` says why. */
export type GpuRecord = Sample<'index' | 'name' | 'uuid' | 'pci.bus_id' | 'serial'> & {
  /** Its MIG devices; none where it is not divided, and null where they cannot be listed. */
  readonly mig_devices: readonly MigDevice[] | null;
};

/** A GPU that the machine does not have. */
export class UnknownGpu extends Error {
  override readonly name = 'UnknownGpu';

  constructor(
    /** The name as it was given. */
    readonly gpu: GpuName,
    count: number,
  ) {
    super(
      `there is no GPU ${typeof gpu === 'string' ? jsonText(gpu) : gpu} among the ${count} of this machine; a GPU goes by its index, UUID, PCI bus id (00000000:1B:00.0) or serial number, and a MIG device by its UUID`,
    );
  }
}
