/** GPUs that fell off the bus: said beside what the others tell, never instead of it. */
import { EXIT } from '../errors.js';
import { NVML_ERROR_GPU_IS_LOST } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { statusWords } from '../nvml/status.js';

const isLost = (gpu: Gpu): boolean => gpu.handle === undefined;

/** GPUs that can be asked. */
export const reachable = (gpus: readonly Gpu[]): readonly Gpu[] => gpus.filter((gpu) => !isLost(gpu));

/** A line for every GPU that cannot. */
export const lostLines = (gpus: readonly Gpu[]): string =>
  gpus
    .filter(isLost)
    .map((gpu) => `${lostLine(gpu)}\n`)
    .join('');

/** The words of nvidia-smi 580.159.04, which also names the bus id; NVML does not tell it of a lost GPU. */
export function lostLine(gpu: Gpu): string {
  const remedy = gpu.status === NVML_ERROR_GPU_IS_LOST ? '.  Reboot the system to recover this GPU' : '';
  return `Unable to determine the device handle for GPU${gpu.index}: ${statusWords(gpu.status)}${remedy}`;
}

/** 15 where one of the GPUs is lost. */
export const statusOf = (gpus: readonly Gpu[]): number =>
  gpus.some((gpu) => gpu.status === NVML_ERROR_GPU_IS_LOST) ? NVML_ERROR_GPU_IS_LOST : EXIT.ok;
