/** PCI addresses of GPUs that NVML cannot attach. NVML does not report them; the driver has a folder for each GPU. */
import type { Gpu } from '../nvml/session.js';
import type { SystemFiles } from './files.js';

export const GPU_FOLDERS = '/proc/driver/nvidia/gpus';

/**
 * The same GPUs, with the PCI bus id (0000:34:00.0) of those without a handle. NVML numbers GPUs by bus id; where the
 * driver does not count as many as NVML, nothing is said.
 */
export function placed(gpus: readonly Gpu[], files: SystemFiles): readonly Gpu[] {
  if (gpus.every((gpu) => gpu.handle !== undefined)) return gpus;
  const busIds = files.list(GPU_FOLDERS);
  if (busIds.length !== gpus.length) return gpus;
  return gpus.map((gpu, i) => (gpu.handle === undefined ? { ...gpu, busId: busIds[i] as string } : gpu));
}
