/** What started a process, as its cgroup says: a container, a Kubernetes pod, a Slurm job, a systemd unit. */

export interface Container {
  /** `container` where the path does not say which. */
  readonly runtime: 'docker' | 'podman' | 'containerd' | 'cri-o' | 'lxc' | 'nspawn' | 'container';
  /** 64 hexadecimal digits, or the name of a container of LXC or systemd-nspawn. */
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
 * Table: how container runtimes name their cgroups. conmon and lxc.monitor, which watch a container, have cgroups of similar
 * names and are outside it; a virtual machine of libvirt is none.
 */
const CONTAINERS: readonly (readonly [Container['runtime'], RegExp])[] = [
  // A unit of Quadlet has the container in a cgroup of its own: libpod-payload.
  ['podman', new RegExp(`/libpod-(?:payload-)?${ID}`, 'g')],
  ['cri-o', new RegExp(`/crio-${ID}`, 'g')],
  ['containerd', new RegExp(`(?:cri-containerd[-:]|nerdctl-|/containerd/)${ID}`, 'g')],
  ['docker', new RegExp(`(?:/docker-|/docker/|:docker:)${ID}`, 'g')],
  ['lxc', /\/lxc(?:\.payload[./]|\/)([^/]+)/g],
  ['lxc', /\/machine-lxc\\x2d\d+\\x2d([^/]+?)\.scope/g],
  ['nspawn', /\/(?:systemd-nspawn@|machine-(?!(?:lxc|qemu)\\x2d))([^/]+?)\.(?:service|scope)/g],
  ['container', new RegExp(`/${ID}(?=\\.scope|/|$)`, 'g')],
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

/** The innermost one, where a container is in another; of two rows that match the same the first. */
function containerOf(paths: readonly string[]): Container | undefined {
  for (const path of paths) {
    let innermost: (Container & { readonly end: number }) | undefined;
    for (const [runtime, pattern] of CONTAINERS) {
      for (const { 0: match, 1: id = '', index } of path.matchAll(pattern)) {
        const end = index + match.length;
        if (end > (innermost?.end ?? 0)) innermost = { runtime, id: unescaped(id), end };
      }
    }
    if (innermost !== undefined) return { runtime: innermost.runtime, id: innermost.id };
  }
  return undefined;
}

/** As systemd writes names in those of units: `web\x2d1` is web-1. */
const unescaped = (name: string): string =>
  name.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

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
