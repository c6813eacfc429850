/** Why there is no NVML, in words for programs: nvidia-smi's name its options. */
import type { LibraryNotFound } from '../backend/library.js';

const WITHOUT_NVML: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'NVML does not exist for macOS',
  win32: 'There is no NVML (nvml.dll of the NVIDIA driver) on this machine',
};

/** What was looked for, and what to do. */
export function notFoundText({ platform, tried, wasNamed }: LibraryNotFound): string {
  const what = wasNamed
    ? 'The NVML library that was named cannot be loaded'
    : (WITHOUT_NVML[platform] ?? 'There is no NVML (libnvidia-ml.so.1 of the NVIDIA driver) on this machine');
  const where = wasNamed ? '' : `\nThe usual places of ${platform} hold none either.`;
  return `${what}. Tried:\n${tried.join('\n')}${where}\nopen({ path }) and nvmlInit({ path }) load a library, and with { snapshot: 'h200-x2' } a recorded machine answers.`;
}
