/** --query-accounted-apps: what the driver remembers of processes, also of those that ended. */

import {
  nvmlDeviceGetAccountingPids,
  nvmlDeviceGetAccountingStats_v2,
} from '../../nvml/generated/entries.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { count, mebibytes, milliseconds, percent, processId } from '../kind.js';
import type { Subject } from '../plan.js';
import { type Probe, sample } from '../probe.js';
import { item, type Row } from '../row.js';
import type { AskProbe, Records, Table } from '../table.js';
import { gpuColumns } from './gpu-columns.js';

export const accountedPids = sample(nvmlDeviceGetAccountingPids);
export const stats = (pid: number): Probe => sample(nvmlDeviceGetAccountingStats_v2, { pid });

/** The columns that need a process's statistics. */
const statistics: readonly Row[] = [
  {
    id: 2010,
    names: ['gpu_utilization', 'gpu_util'],
    help: 'Share of its run time in which kernels of the process were executing.',
    kind: percent,
    source: item('gpuUtilization'),
  },
  {
    id: 2011,
    names: ['mem_utilization', 'mem_util'],
    help: 'Share of its run time in which the process read or wrote memory of the GPU.',
    kind: percent,
    source: item('memoryUtilization'),
  },
  {
    id: 2012,
    names: ['max_memory_usage'],
    help: 'Maximum GPU memory of the process.',
    kind: mebibytes,
    source: item('maxMemoryUsage'),
  },
  {
    id: 2013,
    names: ['time'],
    help: 'Time that the process has used the GPU.',
    kind: milliseconds,
    source: item('time'),
  },
];

function records(_gpu: Subject, ask: AskProbe, asked: ReadonlySet<Row>): Records {
  const wanted = statistics.some((row) => asked.has(row));
  const pids = ask(accountedPids).items();
  if (pids instanceof Missing) return pids;
  return pids.map((each) => {
    const pid = Number(each.raw(''));
    const known = wanted ? ask(stats(pid)) : undefined;
    return {
      pid,
      vgpuInstance: NOT_SUPPORTED,
      ...(known === undefined
        ? {}
        : {
            gpuUtilization: known.read('gpuUtilization'),
            memoryUtilization: known.read('memoryUtilization'),
            maxMemoryUsage: known.read('maxMemoryUsage'),
            time: known.read('time'),
          }),
    };
  });
}

export const accountedApps: Table = {
  option: 'query-accounted-apps',
  subject: 'a process that used a GPU while accounting was on',
  rows: [
    ...gpuColumns,
    {
      id: 2008,
      names: ['vgpu_instance'],
      help: 'The vGPU that the process ran on, on a vGPU host.',
      kind: count,
      source: item('vgpuInstance'),
    },
    { id: 2009, names: ['pid'], help: 'Id of the process.', kind: processId, source: item('pid') },
    ...statistics,
  ],
  records,
};
