/** The loaded kernel module of the driver. */
import type { SystemFiles } from './files.js';

/** Version of the loaded nvidia kernel module, as /proc/driver/nvidia/version tells it. */
export function kernelVersion(files: SystemFiles): string | undefined {
  const text = files.read('/proc/driver/nvidia/version');
  return text === undefined ? undefined : /Kernel Module\D*?(\d+\.[\d.]+)/.exec(text)?.[1];
}
