/** A process on a GPU as NVML and the host know it together. */
import { NVML_ERROR_NO_PERMISSION, NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import type { Reading } from '../query/reading.js';
import { bootTime } from '../system/boot.js';
import { type DeviceHolders, deviceHolders, devicesOfProcess } from '../system/device-holders.js';
import { recordedFiles, type SystemFiles } from '../system/files.js';
import { type Host, HostIdentities, type HostProcess, hostProcess } from '../system/host-process.js';
import { hidesOthers, isInnerNamespace, type LackingRight, lackingRight } from '../system/namespace.js';
import { usersOf } from '../system/users.js';
import type { GpuProcesses, UsedProcess } from './process-samples.js';

export interface ProcessEntry extends UsedProcess {
  readonly place: GpuProcesses;
  /** The process of this /proc, or why it is not to be seen. */
  readonly host: HostProcess | Missing;
  /** Percent of one CPU, or why it is not known. */
  readonly cpu: Reading;
}

/** The processes of this machine, or of the container that this program runs in. */
export class HostProcesses {
  private readonly host: Host;
  /** Whether NVML may name processes by numbers that mean nothing, or another process, in this /proc. */
  readonly isInner: boolean;
  /** Why a process of NVML's list is not in /proc. */
  readonly absent: Missing;
  private readonly identities: HostIdentities | undefined;
  private matched: Matched | undefined;

  constructor(
    private readonly files: SystemFiles,
    /** This process: it has the device files open itself. */
    private readonly own: number,
    /** For a loop: what seldom changes is read seldom. */
    private readonly now?: () => number,
  ) {
    this.identities = now && new HostIdentities(now);
    this.host = { files, users: usersOf(files), bootTime: bootTime(files) };
    this.isInner = isInnerNamespace(files);
    this.absent = Missing.of(hidesOthers(files) ? NVML_ERROR_NO_PERMISSION : NVML_ERROR_NOT_FOUND);
  }

  /** Those of a recording, which has none. */
  static none(): HostProcesses {
    return new HostProcesses(recordedFiles({}), 0);
  }

  /** What would show what is hidden. */
  get lackingRight(): LackingRight {
    return lackingRight(this.files);
  }

  of(pid: number): HostProcess | undefined {
    return hostProcess(this.host, pid, this.identities);
  }

  /** Those of others: with a deadline it is a child of this process that calls NVML. */
  holders(): DeviceHolders {
    const { holders, hidden } = deviceHolders(this.files, this.own);
    return { holders: holders.filter(({ pid }) => this.of(pid)?.parent !== this.own), hidden };
  }

  /**
   * The processes of the lists that can be seen here, by NVML's numbers. In a container a number is believed where that process
   * has a device of the driver open; what is left over on a GPU is matched where both sides have one.
   */
  matching(lists: readonly GpuProcesses[]): (gpu: number, pid: number) => HostProcess | undefined {
    if (!this.isInner) return (_, pid) => this.of(pid);
    const pids = this.matchedPids(lists);
    return (gpu, pid) => {
      const own = pids.get(`${gpu}/${pid}`);
      return own === undefined ? undefined : this.of(own);
    };
  }

  /** A loop looks through all open files again where the lists have changed, and each few seconds. */
  private matchedPids(lists: readonly GpuProcesses[]): ReadonlyMap<string, number> {
    const now = this.now?.();
    const listed = lists
      .map(({ processes }) => (processes instanceof Missing ? '' : processes.map(({ pid }) => pid).join()))
      .join('/');
    const { matched } = this;
    if (matched !== undefined && now !== undefined) {
      if (matched.listed === listed && now - matched.at < MATCHED_FOR) return matched.pids;
    }
    const pids = this.match(lists);
    this.matched = { pids, listed, at: now ?? 0 };
    return pids;
  }

  private match(lists: readonly GpuProcesses[]): ReadonlyMap<string, number> {
    const { holders } = this.holders();
    const matched = new Map<string, number>();
    const isOurs = (pid: number): boolean => devicesOfProcess(this.files, pid).length > 0;
    for (const { gpu, minor, processes } of lists) {
      if (processes instanceof Missing) continue;
      const listed = [...new Set(processes.map(({ pid }) => pid))];
      const seen = listed.filter(isOurs);
      const unseen = listed.filter((pid) => !seen.includes(pid));
      const others = holders.filter(
        ({ pid, devices }) => !seen.includes(pid) && devices.includes(`/dev/nvidia${minor}`),
      );
      for (const pid of seen) matched.set(`${gpu.index}/${pid}`, pid);
      const [pid] = unseen;
      const [other] = others;
      if (pid !== undefined && other !== undefined && unseen.length === 1 && others.length === 1) {
        matched.set(`${gpu.index}/${pid}`, other.pid);
      }
    }
    return matched;
  }
}

/** Which process of this /proc each one of the lists is, by GPU and number. */
interface Matched {
  readonly pids: ReadonlyMap<string, number>;
  readonly listed: string;
  readonly at: number;
}

/** Milliseconds. */
const MATCHED_FOR = 5000;

/** How the share of a CPU is found: over the life of a process, or since the sample before. */
export type CpuOf = (process: HostProcess) => Reading;

/** Joins what NVML lists with the processes of the host. */
export function processEntries(
  lists: readonly GpuProcesses[],
  hosts: HostProcesses,
  cpuOf: CpuOf,
): readonly ProcessEntry[] {
  const match = hosts.matching(lists);
  return lists.flatMap((place) => {
    if (place.processes instanceof Missing) return [];
    return place.processes.map((process): ProcessEntry => {
      const host = match(place.gpu.index, process.pid) ?? hosts.absent;
      return { ...process, place, host, cpu: host instanceof Missing ? host : cpuOf(host) };
    });
  });
}
