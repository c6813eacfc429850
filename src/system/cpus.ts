/** CPUs and the NUMA nodes they belong to, from /sys. */
import type { SystemFiles } from './files.js';

const NODES = '/sys/devices/system/node';

/** The numbers of a kernel list: 0-3,8 is 0, 1, 2, 3, 8. What is not a number of up to six digits is ignored. */
export function parseList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [, first, last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part) ?? [];
      if (first === undefined) return [];
      const length = Math.max(0, Number(last) - Number(first) + 1);
      return Array.from({ length }, (_, i) => Number(first) + i);
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
