/** Whether the processes of this /proc are all there are. */
import type { SystemFiles } from './files.js';

/** PROC_PID_INIT_INO of the kernel: the pid namespace of the host has this number everywhere. */
const INITIAL = 'pid:[4026531836]';

/** In a container with a pid namespace of its own NVML may name processes by numbers of the host. */
export const isInnerNamespace = (files: SystemFiles): boolean =>
  (files.link('/proc/self/ns/pid') ?? INITIAL) !== INITIAL;

/** /proc may be mounted so that a user sees the user's own processes only. */
export const hidesOthers = (files: SystemFiles): boolean =>
  /^\S+ \/proc proc \S*\bhidepid=(?:[124]|noaccess|invisible|ptraceable)\b/m.test(
    files.read('/proc/mounts') ?? '',
  );

/** What a program may need beyond its own rights to see the files of others in /proc. */
export type LackingRight = 'root' | 'ptrace' | undefined;

const CAP_SYS_PTRACE = 1n << 19n;

/** Root in a container may lack CAP_SYS_PTRACE; with it nothing more can be had. */
export function lackingRight(files: SystemFiles): LackingRight {
  const status = files.read('/proc/self/status') ?? '';
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (capabilities !== undefined && (BigInt(`0x${capabilities}`) & CAP_SYS_PTRACE) !== 0n) return undefined;
  return /^Uid:\s*\d+\s+0\s/m.test(status) ? 'ptrace' : 'root';
}
