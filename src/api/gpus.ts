/** Which GPUs there are, and which a question is about. */
import { jsonText } from '../base/plain-text.js';
import type { Sample } from './query.js';

/**
 * A GPU by index, UUID, PCI bus id or serial number, as for `-i`; or a MIG device by its UUID, as for
 * CUDA_VISIBLE_DEVICES.
 */
export type GpuName = number | string;

export interface GpuOptions {
  /**
   * Only these GPUs, in this order: `[0]`, `['GPU-6a…', '00000000:1B:00.0']`. Default: all, by index. A MIG device
   * (`['MIG-6a…']`) is read itself; a report reads its GPU.
   */
  readonly gpus?: readonly GpuName[] | undefined;
}

/** A MIG device: a part of a GPU that programs see as a separate GPU. */
export interface MigDevice {
  /** Its index on the GPU, as in `-L`. */
  readonly device: number;
  /** Its profile: `MIG 2c.3g.20gb`. */
  readonly profile: string | null;
  readonly uuid: string | null;
  readonly gpu_instance_id: number | null;
  readonly compute_instance_id: number | null;
}

/** The identity of a GPU. A value that cannot be read is null, with the reason in `reasons`. */
export type GpuRecord = Sample<'index' | 'name' | 'uuid' | 'pci.bus_id' | 'serial'> & {
  /** Its MIG devices; empty without MIG, null if they cannot be listed. */
  readonly mig_devices: readonly MigDevice[] | null;
};

/** A GPU that the machine does not have. */
export class UnknownGpu extends Error {
  override readonly name = 'UnknownGpu';

  constructor(
    /** The name as given. */
    readonly gpu: GpuName,
    count: number,
  ) {
    super(
      `there is no GPU ${typeof gpu === 'string' ? jsonText(gpu) : gpu} among the ${count} of this machine; a GPU goes by its index, UUID, PCI bus id (00000000:1B:00.0) or serial number, and a MIG device by its UUID`,
    );
  }
}
