/** What the host is busy with beside its GPUs: /proc/loadavg and /proc/meminfo. */
import type { SystemFiles } from './files.js';

export interface HostLoad {
  /** Processes that ran or waited for a processor or a disk, over the last minute. */
  readonly load: number;
  /** Bytes that programs cannot have without others giving them up. */
  readonly usedMemory: number;
  readonly totalMemory: number;
}

/** Undefined where the kernel does not say. */
export function hostLoad(files: SystemFiles): HostLoad | undefined {
  const load = Number.parseFloat(files.read('/proc/loadavg') ?? '');
  const memory = files.read('/proc/meminfo') ?? '';
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(memory)?.[1] ?? Number.NaN) * 1024;
  const totalMemory = bytes('MemTotal');
  const usedMemory = totalMemory - bytes('MemAvailable');
  return Number.isNaN(load) || Number.isNaN(usedMemory) ? undefined : { load, usedMemory, totalMemory };
}
