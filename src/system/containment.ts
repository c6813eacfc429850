/** What the system is contained in: a container runtime, WSL. */
import { type System, Unread } from './system.js';

/** Files and folders that a runtime makes in each of its containers. */
const MARKS: readonly (readonly [path: string, runtime: string])[] = [
  ['/.dockerenv', 'Docker'],
  ['/run/.containerenv', 'Podman'],
  ['/.singularity.d', 'Apptainer'],
];

/** With a cgroup namespace of its own a container's path is `/`: the layers of its root folder still name the runtime. */
const ROOT_LAYERS = /^\S+ \S+ \S+ \S+ \/ .* - overlay .*(docker|containerd|containers|kubelet)/m;

/** The container that the system is; undefined for a machine. */
export function containerOf(system: System): string | undefined {
  const mark = MARKS.find(([path]) => !(system.node(path) instanceof Unread));
  if (mark !== undefined) return mark[1];
  const inText = (path: string, pattern: RegExp): string | undefined => {
    const text = system.read(path);
    const [whole, name] = text instanceof Unread ? [] : (pattern.exec(text) ?? []);
    return name ?? whole;
  };
  return (
    inText('/proc/1/cgroup', /docker|kubepods|containerd|libpod|lxc/) ??
    inText('/proc/1/environ', /(?:^|\0)container=([^\0]+)/) ??
    (inText('/proc/self/environ', /(?:^|\0)KUBERNETES_SERVICE_HOST=/) === undefined
      ? undefined
      : 'Kubernetes') ??
    inText('/proc/self/mountinfo', ROOT_LAYERS)
  );
}

export function isWsl(system: System): boolean {
  const release = system.read('/proc/sys/kernel/osrelease');
  return !(release instanceof Unread) && /microsoft/i.test(release);
}

/** A variable of this process's environment, as the kernel has it. */
export function variableOf(system: System, name: string): string | undefined {
  const text = system.read('/proc/self/environ');
  const line =
    text instanceof Unread ? undefined : text.split('\0').find((each) => each.startsWith(`${name}=`));
  return line?.slice(name.length + 1);
}
