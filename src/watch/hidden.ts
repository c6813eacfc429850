/** What this user cannot see of the processes, and what to do about it. */
import { NVML_ERROR_NO_PERMISSION, NVML_SUCCESS } from '../nvml/generated/constants.js';
import { Missing, type Status, statusReason } from '../nvml/status.js';
import type { HostProcesses, ProcessEntry } from './process-entry.js';
import type { GpuProcesses } from './process-samples.js';

export interface Hidden {
  readonly what: string;
  readonly remedy?: string;
}

const AS_ROOT = 'Run nvsmi as root to see them.';

/** What shows the files of others in /proc, by what this program lacks. */
const REMEDIES = {
  root: AS_ROOT,
  ptrace: 'Run nvsmi with CAP_SYS_PTRACE to see them: in a container, with --cap-add=SYS_PTRACE.',
} as const;

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

const remedyOf = ({ lackingRight }: HostProcesses): Pick<Hidden, 'remedy'> =>
  lackingRight === undefined ? {} : { remedy: REMEDIES[lackingRight] };

const statusOf = ({ processes }: GpuProcesses): Status =>
  processes instanceof Missing ? processes.status : NVML_SUCCESS;

/** The reasons, each once. `unseenFiles` counts the processes whose open files could not be read. */
export function hiddenFrom(
  lists: readonly GpuProcesses[],
  entries: readonly ProcessEntry[],
  hosts: HostProcesses | undefined,
  unseenFiles: number,
): readonly Hidden[] {
  const hidden: Hidden[] = [];
  const unlisted = lists.filter(({ gpu, processes }) => processes instanceof Missing && gpu.status === 0);
  for (const status of new Set(unlisted.map(statusOf))) {
    const names = unlisted.filter((each) => statusOf(each) === status).map(({ gpu }) => gpu.index);
    const gpus = `GPU${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
    const remedy = status === NVML_ERROR_NO_PERMISSION ? { remedy: AS_ROOT } : {};
    hidden.push({ what: `The processes of ${gpus} cannot be listed: ${statusReason(status)}.`, ...remedy });
  }
  if (hosts === undefined) {
    if (entries.length > 0) {
      hidden.push({ what: 'A recording has no users, commands, times or containers of its processes.' });
    }
    return hidden;
  }
  const unseen = new Set(entries.filter(({ host }) => host instanceof Missing).map(({ pid }) => pid)).size;
  if (unseen > 0 && hosts.isInner) {
    hidden.push({
      what: `${plural(unseen, 'process is', 'processes are')} outside this container: NVML has their numbers on the host.`,
      remedy: 'Run nvsmi on the host, or in a container with its pid namespace (--pid=host).',
    });
  } else if (unseen > 0 && hosts.absent.status === NVML_ERROR_NO_PERMISSION) {
    hidden.push({
      what: `${plural(unseen, 'process is', 'processes are')} hidden: /proc is mounted with hidepid.`,
      remedy: 'Run nvsmi as root, or in the group of that mount (gid=).',
    });
  }
  const environs = entries.filter(({ host }) => !(host instanceof Missing) && host.isEnvironHidden);
  const withoutEnviron = new Set(environs.map(({ pid }) => pid)).size;
  if (withoutEnviron > 0) {
    hidden.push({
      what: `The environment of ${plural(withoutEnviron, 'process', 'processes')} cannot be read: it may name a Slurm job.`,
      ...remedyOf(hosts),
    });
  }
  if (unseenFiles > 0) {
    hidden.push({
      what: `The open files of ${plural(unseenFiles, 'process', 'processes')} cannot be read: one of them may use the GPU.`,
      ...remedyOf(hosts),
    });
  }
  return hidden;
}
