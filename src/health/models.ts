/**
 * Table: what GPUs of a model have, for machines without an expectation file. Memory is MiB as NVML counts it, which drivers and
 * ECC change by a few percent. NVLinks are left out where a board may be with and without a bridge.
 */

export interface ExpectedModel {
  readonly memory: number;
  readonly pcieGeneration: number;
  readonly pcieWidth: number;
  readonly nvlinks?: number;
}

const model = (memory: number, pcieGeneration: number, nvlinks?: number): ExpectedModel => ({
  memory,
  pcieGeneration,
  pcieWidth: 16,
  ...(nvlinks === undefined ? {} : { nvlinks }),
});

export const models: Readonly<Record<string, ExpectedModel>> = {
  'Tesla V100-SXM2-16GB': model(16384, 3, 6),
  'Tesla V100-SXM2-32GB': model(32768, 3, 6),
  'Tesla T4': model(15360, 3),
  'NVIDIA A10': model(23028, 4),
  'NVIDIA A100-SXM4-40GB': model(40960, 4, 12),
  'NVIDIA A100-SXM4-80GB': model(81920, 4, 12),
  'NVIDIA A100-PCIE-40GB': model(40960, 4),
  'NVIDIA A100 80GB PCIe': model(81920, 4),
  'NVIDIA L4': model(23034, 4),
  'NVIDIA L40S': model(46068, 4),
  'NVIDIA H100 PCIe': model(81559, 5),
  'NVIDIA H100 80GB HBM3': model(81559, 5, 18),
  'NVIDIA H100 NVL': model(95830, 5),
  'NVIDIA H200': model(143771, 5, 18),
  'NVIDIA B200': model(183359, 5, 18),
};

/** How much less memory than its model a GPU may have. */
export const MEMORY_TOLERANCE = 0.07;
