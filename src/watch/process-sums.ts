/** Sums over the processes of a user, a container, a pod or a Slurm job. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import { count, isPlausible, mebibytes, percentOfOne, text } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import { processColumn } from './process-columns.js';
import type { ProcessEntry } from './process-entry.js';

/** Table: the words of --by, and the column whose equal values make a group. */
export const GROUPINGS = {
  user: 'user',
  container: 'container_id',
  pod: 'pod_uid',
  job: 'slurm_job_id',
} as const;

export type Grouping = keyof typeof GROUPINGS;

export interface ProcessSum {
  /** The value that the processes share; missing where it is not known, empty where they have none. */
  readonly key: Reading;
  readonly gpus: readonly number[];
  readonly processes: number;
  readonly usedMemory: Reading;
  readonly sm: Reading;
  readonly cpu: Reading;
  readonly hostMemory: Reading;
}

/** The sum of what is known; missing where nothing is. */
function sum(readings: readonly Reading[]): Reading {
  const known = readings.filter((reading) => !(reading instanceof Missing));
  if (known.length === 0) return readings[0] ?? NOT_SUPPORTED;
  return known.reduce<number>((total, value) => total + Number(value), 0);
}

/** The groups, those with the most memory on GPUs first. A process that is on several GPUs counts once for CPU and host memory. */
export function summed(entries: readonly ProcessEntry[], by: Grouping, now: number): readonly ProcessSum[] {
  const { read } = processColumn(GROUPINGS[by]);
  const groups = new Map<Reading, ProcessEntry[]>();
  for (const entry of entries) {
    const key = read(entry, now);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const sums = [...groups].map(([key, members]): ProcessSum => {
    const once = [...new Map(members.map((entry) => [entry.pid, entry])).values()];
    const of = (name: string, among: readonly ProcessEntry[]): Reading => {
      const { kind, read } = processColumn(name);
      const readings = among.map((entry) => read(entry, now));
      const known = readings.filter((each) => each instanceof Missing || isPlausible(kind, each));
      return sum(known.length > 0 ? known : [NOT_SUPPORTED]);
    };
    return {
      key,
      gpus: [...new Set(members.map(({ place }) => place.gpu.index))].sort((a, b) => a - b),
      processes: once.length,
      usedMemory: of('used_gpu_memory', members),
      sm: of('sm', members),
      cpu: of('cpu', once),
      hostMemory: of('host_memory', once),
    };
  });
  return sums.sort((a, b) => memoryOf(b) - memoryOf(a));
}

const memoryOf = ({ usedMemory }: ProcessSum): number =>
  usedMemory instanceof Missing ? -1 : Number(usedMemory);

/** What JSON has of a group: the GPUs as a list of their indexes in one text. */
export const sumCells = ({ key, gpus, ...sums }: ProcessSum, by: Grouping): Cells => ({
  [GROUPINGS[by]]: cell(processColumn(GROUPINGS[by]).kind, key),
  processes: cell(count, sums.processes),
  gpus: cell(text, gpus.join(',')),
  'utilization.gpu': cell(percentOfOne, sums.sm),
  used_gpu_memory: cell(mebibytes, sums.usedMemory),
  cpu: cell(percentOfOne, sums.cpu),
  host_memory: cell(mebibytes, sums.hostMemory),
});
