/** Which GPUs a question is about. */
import { jsonText } from '../plain-text.js';

/** A GPU by its index, its UUID, its PCI bus id or its serial number, as `-i` takes them. */
export type GpuName = number | string;

export interface GpuOptions {
  /** Only these GPUs, in this order: `[0]`, `['GPU-6a…', '00000000:1B:00.0']`. Default: all, by index. */
  readonly gpus?: readonly GpuName[] | undefined;
}

/** A GPU that the machine does not have. */
export class UnknownGpu extends Error {
  override readonly name = 'UnknownGpu';

  constructor(
    /** The name as it was given. */
    readonly gpu: GpuName,
    count: number,
  ) {
    super(
      `there is no GPU ${typeof gpu === 'string' ? jsonText(gpu) : gpu} among the ${count} of this machine; a GPU goes by its index, UUID, PCI bus id (00000000:1B:00.0) or serial number`,
    );
  }
}
