/** Samples of an open NVML session, asked in this process. */
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { environOf } from '../system/environ.js';
import type { SystemFiles } from '../system/files.js';
import { hostLoad } from '../system/host-load.js';
import { SinceLastSample } from './cpu-share.js';
import { gpuSource } from './gpu-samples.js';
import { hiddenFrom } from './hidden.js';
import { HostProcesses, type ProcessEntry, processEntries } from './process-entry.js';
import { type GpuProcesses, isNoAnswer, processSource } from './process-samples.js';
import type { Ancestor, GpuSample, WatchSampler } from './sample.js';

export interface LiveMachine {
  readonly asker: Asker;
  readonly files: SystemFiles;
  readonly gpus: readonly Gpu[];
  readonly isRecorded: boolean;
  /** This process: it has the device files open itself. */
  readonly own: number;
  now(): number;
}

/** All but the report, which is a matter of the caller. */
export async function liveSampler({
  asker,
  files,
  gpus,
  isRecorded,
  own,
  now,
}: LiveMachine): Promise<WatchSampler> {
  const source = await gpuSource(asker, gpus, now);
  const processes = processSource(gpus, true);
  const hosts = isRecorded ? undefined : new HostProcesses(files, own, now);
  const shares = new SinceLastSample();
  return {
    take: async () => {
      asker.tick();
      const { driver, gpus, other } = await source.sample(processes.sample());
      const lists = other.map((list, i) => ({
        ...list,
        usedMemory: gpus[i]?.values['memory.used'] ?? list.usedMemory,
      }));
      const time = now();
      const answering = gpus.map((gpu, i) => answered(gpu, lists[i]));
      const entries = processEntries(lists, hosts ?? HostProcesses.none(), shares.begin(time));
      return {
        time,
        driver,
        gpus: gpus.map((gpu, i) => ({ ...gpu, hasAnswered: answering[i] === true })),
        processes: entries,
        ancestors: hosts === undefined ? NO_ANCESTORS : ancestorsOf(entries, hosts),
        host: isRecorded ? undefined : hostLoad(files),
        // Which GPUs are silent is said elsewhere.
        notes: hiddenFrom(
          lists.filter((_, i) => answering[i]),
          entries,
          hosts,
          0,
        ).map(({ what, remedy }) => (remedy === undefined ? what : `${what} ${remedy}`)),
      };
    },
    ...(isRecorded ? {} : { environ: (pid: number) => environOf(files, pid) }),
    close: () => source.close(),
  };
}

const NO_ANCESTORS: ReadonlyMap<number, Ancestor> = new Map();

/** Whether nothing that was asked about a GPU was left without an answer. */
const answered = ({ values, migs }: GpuSample, list: GpuProcesses | undefined): boolean =>
  !(
    Object.values(values).some(isNoAnswer) ||
    migs.some(({ usedMemory, gi }) => isNoAnswer(usedMemory) || isNoAnswer(gi)) ||
    isNoAnswer(list?.processes)
  );

/** The processes above those on the GPUs, up to the first process of the system. */
function ancestorsOf(entries: readonly ProcessEntry[], hosts: HostProcesses): ReadonlyMap<number, Ancestor> {
  const found = new Map<number, Ancestor>();
  for (const { host } of entries) {
    if (host instanceof Missing) continue;
    for (let pid = host.parent; pid > 1 && !found.has(pid); ) {
      const above = hosts.of(pid);
      if (above === undefined) break;
      found.set(pid, { pid, parent: above.parent, user: above.user, command: above.command });
      pid = above.parent;
    }
  }
  return found;
}
