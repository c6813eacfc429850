/** --query-accounted-apps: what the driver remembers of processes, also of those that ended. */

import {
  nvmlDeviceGetAccountingPids,
  nvmlDeviceGetAccountingStats_v2,
} from '../../nvml/generated/entries.js';
import { Missing, NOT_SUPPORTED, noneByOnes } from '../../nvml/status.js';
import { type Asking, ask, want } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { asks, item, type Row, type Source } from '../field.js';
import { count, mebibytes, milliseconds, percent, processId, yesNo } from '../kind.js';
import { type Probe, sample } from '../probe.js';
import type { AnswerView, Reading } from '../reading.js';
import type { Records, Table } from '../relation.js';
import { gpuColumns } from './gpu-columns.js';

export const accountedPids = sample(nvmlDeviceGetAccountingPids);
export const stats = (pid: number): Probe => sample(nvmlDeviceGetAccountingStats_v2, { pid });

/** A statistic of a process. nvml.h says of all ones that it is not available. */
export const statisticOf = (known: AnswerView, name: string): Reading => noneByOnes(known.read(name));

const statistic = (name: string): Source =>
  asks(({ pid }) => want(stats(Number(pid)), (known) => statisticOf(known, name)));

/** The columns that need a process's statistics. */
const statistics: readonly Row[] = [
  {
    id: 2010,
    names: ['gpu_utilization', 'gpu_util'],
    help: 'Share of its run time in which kernels of the process were executing.',
    kind: percent,
    source: statistic('gpuUtilization'),
  },
  {
    id: 2011,
    names: ['mem_utilization', 'mem_util'],
    help: 'Share of its run time in which the process read or wrote memory of the GPU.',
    kind: percent,
    source: statistic('memoryUtilization'),
  },
  {
    id: 2012,
    names: ['max_memory_usage'],
    help: 'Maximum GPU memory of the process.',
    kind: mebibytes,
    source: statistic('maxMemoryUsage'),
  },
  {
    id: 2013,
    names: ['time'],
    help: 'Time that the process has used the GPU.',
    kind: milliseconds,
    source: statistic('time'),
  },
];

/** No field of --query-accounted-apps. */
export const isRunning: Row = {
  id: 3013,
  names: ['is_running'],
  help: 'Whether the process still runs.',
  kind: yesNo,
  source: statistic('isRunning'),
};

function* find(gpu: Subject): Asking<Records> {
  const pids = (yield* ask(accountedPids, gpu)).items();
  if (pids instanceof Missing) return pids;
  return pids.map((each) => ({ values: { pid: Number(each.raw('')), vgpuInstance: NOT_SUPPORTED } }));
}

export const accountedApps: Table = {
  option: 'query-accounted-apps',
  name: 'accounted_apps',
  id: 201,
  record: 'a process that used a GPU while accounting was enabled',
  fields: [
    ...gpuColumns,
    {
      id: 2008,
      names: ['vgpu_instance'],
      help: 'The vGPU that the process ran on, on a vGPU host.',
      kind: count,
      // L40S, 550 on the fake.
      bare: true,
      source: item('vgpuInstance'),
    },
    { id: 2009, names: ['pid'], help: 'Id of the process.', kind: processId, source: item('pid') },
    ...statistics,
  ],
  find,
};
