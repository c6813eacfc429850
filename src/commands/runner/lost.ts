/** GPUs without a handle, most often because they fell off the bus. A line names each; the others are shown as ever. */
import { EXIT, UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import type { Release } from '../../base/release.js';
import {
  NVML_ERROR_GPU_IS_LOST,
  NVML_ERROR_NO_PERMISSION,
  NVML_ERROR_RESET_REQUIRED,
  NVML_ERROR_UNINITIALIZED,
} from '../../nvml/generated/constants.js';
import type { Gpu } from '../../nvml/session.js';
import { statusWords } from '../../nvml/status.js';

const isLost = (gpu: Gpu): boolean => gpu.handle === undefined;

/** GPUs that can be asked. */
export const reachable = (gpus: readonly Gpu[]): readonly Gpu[] => gpus.filter((gpu) => !isLost(gpu));

/** A line for every GPU that cannot. */
export const lostLines = (gpus: readonly Gpu[]): string =>
  gpus
    .filter(isLost)
    .map((gpu) => `${lostLine(gpu)}\n`)
    .join('');

/**
 * The words of nvidia-smi 580.159.04, with the bus id as in public outputs: `GPU1: 0000:0A:00.0: GPU is lost.` It is left
 * out where it is not known.
 */
export function lostLine(gpu: Gpu): string {
  const place = gpu.busId === undefined ? '' : `${gpu.busId.toUpperCase()}: `;
  return plainly`Unable to determine the device handle for GPU${gpu.index}: ${place}${reasonOf(gpu)}`;
}

/** The same of a GPU that -i names: up to 550 without the bus id (470 to 550 on the fake). */
export function lostAlone(gpu: Gpu, release: Release): string {
  if (release >= 580) return lostLine(gpu);
  const blank = release < 525 ? ' ' : '';
  return plainly`Unable to determine the device handle for GPU${blank}${gpu.index}: ${reasonOf(gpu)}`;
}

/** The same in a list of GPUs: by the bus id (580.159.04), up to 550 by the index (470 to 550 on the fake). */
export function lostInList(gpu: Gpu, release: Release): string {
  const name = release < 580 ? gpu.index : (gpu.busId?.toUpperCase() ?? gpu.index);
  return plainly`Unable to determine the device handle for gpu ${name}: ${reasonOf(gpu)}`;
}

/** Why a GPU cannot be attached, in nvidia-smi's words. */
export const reasonOf = ({ status }: Gpu): string => REASONS.get(status) ?? statusWords(status);

/** What follows a line about such a GPU in a list and in a refusal: 470 to 580 on the fake. */
export const afterLost = ({ status }: Gpu): string => AFTER.get(status) ?? '\n';

const AFTER: ReadonlyMap<number, string> = new Map([
  [NVML_ERROR_GPU_IS_LOST, '\n\n\n'],
  [NVML_ERROR_RESET_REQUIRED, '\n\n.\n'],
]);

/**
 * The refusal of a GPU that `-i` names and that is not found, where one that it could be cannot be attached: nvidia-smi asks one
 * after the other for its name, and ends at that (470 to 580 on the fake).
 */
export function unfound(gpus: readonly Gpu[]): UsageError | undefined {
  const lost = gpus.find((gpu) => isLost(gpu) && !UNNAMED.has(gpu.status));
  if (lost === undefined) return undefined;
  const line = plainly`Problem with GPU ${lost.index}: ${reasonOf(lost)}`;
  return new UsageError(line + afterLost(lost), EXIT.unknownOption, undefined, '');
}

/** GPUs that are left out without a word: those of others, and those that were not wanted. */
const UNNAMED: ReadonlySet<number> = new Set([NVML_ERROR_NO_PERMISSION, NVML_ERROR_UNINITIALIZED]);

/** What nvidia-smi says of a GPU instead of NVML's words. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [NVML_ERROR_GPU_IS_LOST, `${statusWords(NVML_ERROR_GPU_IS_LOST)}.  Reboot the system to recover this GPU`],
  [NVML_ERROR_RESET_REQUIRED, 'A GPU reset must occur before this GPU can be used again.'],
]);

/** The exit status of a command about these GPUs: why the first of them that has no handle has none. */
export const statusOf = (gpus: readonly Gpu[]): number =>
  gpus.find((gpu) => isLost(gpu) && gpu.status !== NVML_ERROR_UNINITIALIZED)?.status ?? EXIT.ok;

/**
 * The refusal of a command about GPUs, some of which may be lost: why there is no answer, and then the GPUs that are lost. Their
 * status goes before the other.
 */
export const refusal = (reason: string, status: number, gpus: readonly Gpu[]): UsageError =>
  new UsageError(`${reason}\n${lostLines(gpus)}`, statusOf(gpus) || status, undefined, '');
