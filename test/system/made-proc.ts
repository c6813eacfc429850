/** Made-up trees of /proc: processes by what a test says of them. */
import { LINK, recordedFiles, type SystemFiles } from '../../src/system/files.js';

export interface MadeProcess {
  readonly name?: string;
  readonly state?: string;
  readonly parent?: number;
  /** User and kernel ticks together. */
  readonly cpuTicks?: number;
  readonly start?: number;
  readonly uid?: number;
  readonly namespacePids?: readonly number[];
  readonly residentKib?: number;
  readonly command?: readonly string[];
  readonly cgroup?: string;
  readonly environ?: readonly string[];
  readonly open?: readonly string[];
  /** Its open files and its environment belong to another user. */
  readonly isForeign?: true;
}

export const BOOT = 1_795_000_000;

export interface MadeWorld {
  readonly processes: Readonly<Record<number, MadeProcess>>;
  /** The pid namespace of the host unless given. */
  readonly namespace?: string;
  readonly mounts?: string;
  /** The lines Uid and CapEff of the program's own status. */
  readonly own?: string;
}

export const PASSWD =
  'root:x:0:0:root:/root:/bin/sh\nada:x:1001:100::/home/ada:\ngrace:x:1002:100::/home/grace:\n';

export function madeFiles({
  processes,
  namespace = 'pid:[4026531836]',
  mounts = '',
  own = 'Uid:\t1001\t1001\t1001\t1001\nCapEff:\t0000000000000000\n',
}: MadeWorld): SystemFiles {
  const files: Record<string, string> = {
    '/etc/passwd': PASSWD,
    '/proc/stat': `cpu  1 2 3\nbtime ${BOOT}\nprocesses 4\n`,
    '/proc/mounts': mounts,
    '/proc/self/status': `Name:\tnvsmi\n${own}`,
    [`/proc/self/ns/pid${LINK}`]: namespace,
  };
  const foreign: string[] = [];
  for (const [pid, made] of Object.entries(processes)) {
    const at = `/proc/${pid}`;
    const { state = 'S', parent = 1, cpuTicks = 0, start = 100, uid = 1001, residentKib, isForeign } = made;
    const zeros = (n: number): string => Array(n).fill('0').join(' ');
    files[`${at}/stat`] =
      `${pid} (${made.name ?? 'python'}) ${state} ${parent} ${zeros(9)} ${cpuTicks} 0 ${zeros(4)} 7 0 ${start} ${zeros(3)}\n`;
    const resident = residentKib === undefined ? '' : `VmRSS:\t   ${residentKib} kB\n`;
    files[`${at}/status`] =
      `Name:\tpython\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nNSpid:\t${(made.namespacePids ?? [pid]).join('\t')}\n${resident}`;
    files[`${at}/cmdline`] = (made.command ?? []).map((word) => `${word}\0`).join('');
    files[`${at}/cgroup`] = made.cgroup ?? '0::/\n';
    if (isForeign) foreign.push(`${at}/fd`, `${at}/environ`);
    else {
      files[`${at}/environ`] = (made.environ ?? []).map((entry) => `${entry}\0`).join('');
      (made.open ?? []).forEach((target, fd) => {
        files[`${at}/fd/${fd}${LINK}`] = target;
      });
    }
  }
  return { ...recordedFiles(files), isDenied: (path) => foreign.includes(path) };
}
