/** CPUs and the NUMA nodes they belong to, from /sys. */
import type { SystemFiles } from './files.js';

const NODES = '/sys/devices/system/node';

/** The numbers of a kernel list: 0-3,8 is 0, 1, 2, 3, 8. */
export function parseList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** The NUMA nodes that hold any of the CPUs. */
export function nodesOfCpus(files: SystemFiles, cpus: readonly number[]): readonly number[] {
  const wanted = new Set(cpus);
  return files
    .list(NODES)
    .flatMap((name) => {
      const node = /^node(\d+)$/.exec(name)?.[1];
      if (node === undefined) return [];
      const members = parseList(files.read(`${NODES}/${name}/cpulist`) ?? '');
      return members.some((cpu) => wanted.has(cpu)) ? [Number(node)] : [];
    })
    .sort((a, b) => a - b);
}
