/** When the kernel started. */
import type { SystemFiles } from './files.js';

/** Seconds since the epoch; undefined where /proc/stat is not there. */
export function bootTime(files: SystemFiles): number | undefined {
  const seconds = /^btime (\d+)$/m.exec(files.read('/proc/stat') ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
