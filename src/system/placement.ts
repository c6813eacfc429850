/** What started a process, as its cgroup says: a container, a Kubernetes pod, a Slurm job, a systemd unit. */

export interface Container {
  /** `container` where the path does not say which. */
  readonly runtime: 'docker' | 'podman' | 'containerd' | 'cri-o' | 'lxc' | 'nspawn' | 'container';
  /** 64 hexadecimal digits, or the name of an LXC container. */
  readonly id: string;
}

export interface SlurmJob {
  readonly job: string;
  /** A number, `batch`, `extern` or `interactive`; undefined for a process of the job itself. */
  readonly step: string | undefined;
}

export interface ProcessPlacement {
  readonly container: Container | undefined;
  readonly podUid: string | undefined;
  readonly slurm: SlurmJob | undefined;
  /** The innermost unit: `jupyter.service`, `session-3.scope`. */
  readonly unit: string | undefined;
}

const ID = '([0-9a-f]{64})';

/**
 * Table: how container runtimes name their cgroups. conmon, which watches a container of Podman or CRI-O, has a cgroup of a
 * similar name and is outside the container.
 */
const CONTAINERS: readonly (readonly [Container['runtime'], RegExp])[] = [
  ['podman', new RegExp(`/libpod-${ID}`)],
  ['cri-o', new RegExp(`/crio-${ID}`)],
  ['containerd', new RegExp(`(?:cri-containerd[-:]|nerdctl-|/containerd/)${ID}`)],
  ['docker', new RegExp(`(?:/docker-|/docker/|:docker:)${ID}`)],
  ['lxc', /\/lxc(?:\.payload)?[./]([^/]+)/],
  ['nspawn', /\/(?:systemd-nspawn@|machine-)([^/]+?)\.(?:service|scope)/],
  ['container', new RegExp(`/${ID}(?:\\.scope)?(?:/|$)`)],
];

/** A UUID whose dashes are underscores in the names of slices, or the 32 digits of a static pod. */
const POD = /pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?=[./:]|$)/;
/** `/slurm/uid_1000/job_7/step_0`, `/system.slice/slurmstepd.scope/job_7/step_batch/user/task_0`. */
const SLURM = /\/(?:[\w.-]*slurm[\w.-]*)\/.*?\bjob_(\d+)(?:\/step_([\w+-]+))?/;
const UNIT = /([^/]+\.(?:service|scope))(?:\/|$)/g;

const found = (paths: readonly string[], pattern: RegExp): RegExpExecArray | undefined => {
  for (const path of paths) {
    const match = pattern.exec(path);
    if (match !== null) return match;
  }
  return undefined;
};

function containerOf(paths: readonly string[]): Container | undefined {
  for (const [runtime, pattern] of CONTAINERS) {
    const id = found(paths, pattern)?.[1];
    if (id !== undefined) return { runtime, id };
  }
  return undefined;
}

/** What the cgroup paths of a process say of it. */
export function placementOf(paths: readonly string[]): ProcessPlacement {
  const [, job, step] = found(paths, SLURM) ?? [];
  return {
    container: containerOf(paths),
    podUid: found(paths, POD)?.[1]?.replaceAll('_', '-'),
    slurm: job === undefined ? undefined : { job, step },
    unit: [...(paths[0] ?? '').matchAll(UNIT)].at(-1)?.[1],
  };
}
