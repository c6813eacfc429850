/** A process as the host knows it: everything of /proc/PID that a person asks about. */
import { cgroupPaths } from './cgroup.js';
import { environOf, slurmOf } from './environ.js';
import type { SystemFiles } from './files.js';
import { type ProcessPlacement, placementOf } from './placement.js';
import { type ProcStat, procStat, TICKS_PER_SECOND } from './proc-stat.js';
import { type ProcStatus, procStatus } from './proc-status.js';
import type { Users } from './users.js';

export interface HostProcess extends ProcessPlacement, Omit<ProcStat, 'start'> {
  readonly pid: number;
  /** Its number in its own pid namespace, where that is not the one of /proc. */
  readonly innerPid: number | undefined;
  readonly uid: number | undefined;
  /** The name of the user, or the number. */
  readonly user: string | undefined;
  /** The program with its arguments; in brackets that of a kernel thread or a zombie, as ps shows it. */
  readonly command: string;
  /** Ticks from the boot: with the number it names one process. */
  readonly start: string;
  /** Milliseconds since the epoch. */
  readonly startTime: number | undefined;
  readonly residentBytes: number | undefined;
  /** Whether the environment may not be read, and so a Slurm job may be unknown. */
  readonly isEnvironHidden: boolean;
}

/** What does not change from process to process. */
export interface Host {
  readonly files: SystemFiles;
  readonly users: Users;
  /** Seconds since the epoch. */
  readonly bootTime: number | undefined;
}

/** What seldom changes while a process lives. */
type Identity = Pick<HostProcess, 'slurm' | 'innerPid' | 'uid' | 'user' | 'isEnvironHidden'> &
  ProcessPlacement & { readonly command: string | undefined };

interface KnownIdentity {
  readonly start: string;
  readonly readAt: number;
  readonly identity: Identity;
}

/** Milliseconds for which an identity is believed: a process may rename itself, or be moved to another cgroup. */
const BELIEVED = 10_000;

/** For a loop: two of the six files of a process are read each time, the others seldom. */
export class HostIdentities {
  private readonly known = new Map<number, KnownIdentity>();
  /** When a process was not found. */
  private readonly absent = new Map<number, number>();

  constructor(private readonly now: () => number) {}

  /** That of a process which began at a time; another one of the same number is read again. */
  of(pid: number, start: string, read: () => Identity): Identity {
    const now = this.now();
    const known = this.known.get(pid);
    if (known?.start === start && now - known.readAt < BELIEVED) return known.identity;
    const identity = read();
    this.known.set(pid, { start, readAt: now, identity });
    if (this.known.size > MOST_KNOWN) this.forget(now);
    return identity;
  }

  /** Whether there was no such process a moment ago, as with those of another container. */
  isAbsent(pid: number): boolean {
    const at = this.absent.get(pid);
    // The clock may have been set back.
    return at !== undefined && Math.abs(this.now() - at) < ABSENT;
  }

  miss(pid: number): void {
    if (this.absent.size > MOST_KNOWN) this.absent.clear();
    this.absent.set(pid, this.now());
  }

  private forget(now: number): void {
    for (const [pid, { readAt }] of this.known) if (now - readAt >= BELIEVED) this.known.delete(pid);
  }
}

const MOST_KNOWN = 256;
/** Milliseconds for which a process that was not found is not looked for: a file that is not there takes longer than one that is. */
const ABSENT = 3000;

/** Undefined for a process that has ended or cannot be seen. */
export function hostProcess(host: Host, pid: number, known?: HostIdentities): HostProcess | undefined {
  const { files, bootTime } = host;
  if (known?.isAbsent(pid) === true) return undefined;
  const stat = procStat(files, pid);
  if (stat === undefined) {
    known?.miss(pid);
    return undefined;
  }
  const status = procStatus(files, pid);
  const read = (): Identity => identityOf(host, pid, status);
  // One that has ended has no command any longer.
  const identity = (stat.state === 'Z' ? undefined : known?.of(pid, stat.start, read)) ?? read();
  return {
    ...stat,
    ...identity,
    pid,
    command: identity.command ?? `[${stat.name}]`,
    startTime: bootTime === undefined ? undefined : (bootTime + Number(stat.start) / TICKS_PER_SECOND) * 1000,
    residentBytes: status?.residentBytes,
  };
}

function identityOf({ files, users }: Host, pid: number, status: ProcStatus | undefined): Identity {
  const uid = status?.uid;
  const placement = placementOf(cgroupPaths(files, pid));
  const isEnvironHidden = placement.slurm === undefined && files.isDenied(`/proc/${pid}/environ`);
  const environ = placement.slurm === undefined && !isEnvironHidden ? environOf(files, pid) : undefined;
  const innerPid = status?.namespacePids.at(-1);
  return {
    ...placement,
    slurm: placement.slurm ?? slurmOf(environ ?? []),
    innerPid: (status?.namespacePids.length ?? 0) > 1 ? innerPid : undefined,
    uid,
    user: uid === undefined ? undefined : (users.get(uid) ?? String(uid)),
    command: commandOf(files, pid),
    isEnvironHidden,
  };
}

/** Arguments end with a NUL; programs that rename themselves leave one text, padded with NULs. */
function commandOf(files: SystemFiles, pid: number): string | undefined {
  const text = files.read(`/proc/${pid}/cmdline`)?.replace(/\0+$/, '').replaceAll('\0', ' ').trim();
  return text === '' ? undefined : text;
}
