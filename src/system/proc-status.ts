/** /proc/PID/status: whose process it is, its numbers in pid namespaces, its memory. */
import type { SystemFiles } from './files.js';

export interface ProcStatus {
  /** The real user id. */
  readonly uid: number | undefined;
  /** Its number in each pid namespace, from the one of /proc to its own. Kernels before 4.1 have none. */
  readonly namespacePids: readonly number[];
  /** Bytes of memory that it has in RAM; undefined for a zombie. */
  readonly residentBytes: number | undefined;
}

export function procStatus(files: SystemFiles, pid: number | 'self'): ProcStatus | undefined {
  const text = files.read(`/proc/${pid}/status`);
  if (text === undefined) return undefined;
  const numbers = (name: string): readonly number[] => {
    const found = new RegExp(`^${name}:\\s*([\\d\\s]*?)(?:\\s*kB)?$`, 'm').exec(text)?.[1] ?? '';
    return found
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(Number);
  };
  const [resident] = numbers('VmRSS');
  return {
    uid: numbers('Uid')[0],
    namespacePids: numbers('NSpid'),
    residentBytes: resident === undefined ? undefined : resident * 1024,
  };
}
