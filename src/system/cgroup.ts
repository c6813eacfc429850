/** The paths of a process in the cgroup hierarchies, of version 1 and 2, from /proc/PID/cgroup. */
import type { SystemFiles } from './files.js';

/** Every path once, that of systemd's own hierarchy first: version 2 has one for all, version 1 names it. */
export function cgroupPaths(files: SystemFiles, pid: number | 'self'): readonly string[] {
  const lines = (files.read(`/proc/${pid}/cgroup`) ?? '').split('\n').flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return path === '' ? [] : [{ controllers, path }];
  });
  const isSystemd = (controllers: string): boolean => controllers === '' || controllers === 'name=systemd';
  const sorted = [
    ...lines.filter(({ controllers }) => isSystemd(controllers)),
    ...lines.filter(({ controllers }) => !isSystemd(controllers)),
  ];
  return [...new Set(sorted.map(({ path }) => path))].filter((path) => path !== '/');
}
