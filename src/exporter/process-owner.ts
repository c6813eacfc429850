/** Whose a process is: its user, and the container, pod or job that its control group names. */
import type { SystemFiles } from '../system/files.js';
import type { Labels } from './observed.js';

/** Table: what a control group's path names, and how. Prometheus itself gives targets a job, and in Kubernetes a pod and a container. */
const NAMED: readonly (readonly [label: string, pattern: RegExp])[] = [
  // Docker, containerd and CRI-O: 64 hexadecimal digits, between the prefix and the suffix of the runtime.
  ['container_id', /(?:^|[/-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
  // kubelet: a UID, which the systemd driver writes with underscores.
  ['pod_uid', /pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})/],
  // Slurm.
  ['job_id', /\/job_(\d+)(?:\/|$)/],
];

/** The labels of a process; one that ended meanwhile, or that this user cannot see, has none. */
export function ownerOf(pid: number, files: SystemFiles): Labels {
  const labels: Record<string, string> = {};
  const uid = /^Uid:\s+(\d+)/m.exec(files.read(`/proc/${pid}/status`) ?? '')?.[1];
  if (uid !== undefined) labels.user = userName(uid, files) ?? uid;
  const group = files.read(`/proc/${pid}/cgroup`) ?? '';
  for (const line of group.split('\n')) {
    const path = line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1);
    for (const [label, pattern] of NAMED) {
      const found = pattern.exec(path)?.[1];
      if (found !== undefined)
        labels[label] ??= label === 'container_id' ? found.slice(0, 12) : found.replaceAll('_', '-');
    }
  }
  return labels;
}

function userName(uid: string, files: SystemFiles): string | undefined {
  const line = (files.read('/etc/passwd') ?? '').split('\n').find((each) => each.split(':')[2] === uid);
  return line?.split(':')[0];
}
