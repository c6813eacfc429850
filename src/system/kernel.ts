/** The loaded kernel module of the driver. */
import type { SystemFiles } from './files.js';

/** Version of the loaded nvidia kernel module, as /proc/driver/nvidia/version shows it. */
export function kernelVersion(files: SystemFiles): string | undefined {
  const text = files.read('/proc/driver/nvidia/version');
  // "Kernel Module  575.57.08", or "Open Kernel Module for x86_64  580.159.04", where x86_64 is not a version.
  return text === undefined ? undefined : /Kernel Module(?: for \S+)?\s+(\d+\.[\d.]+)/.exec(text)?.[1];
}
