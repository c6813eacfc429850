/**
 * --query-vgpu-scheduler-logs and --query-gpu-instance-vgpu-scheduler-logs: the turns that vGPUs took on a GPU, or on its
 * GPU instances. Names, aliases and the record without values of a GPU that is no vGPU host: H200, 580.159.04.
 */
import { Missing } from '../../nvml/status.js';
import { type Asking, ask, eachOf, together } from '../ask/asking.js';
import { type Field, item, type Row } from '../field.js';
import { count, type Kind, number } from '../kind.js';
import type { Found, Relation, Table } from '../relation.js';
import { allInstances, gpuInstance, ofInstance, type VgpuGpuInstance } from '../vgpu/instances.js';
import { adaptive, engines, policies, SCHEDULER_LOGS, schedulerRecords } from '../vgpu/scheduler.js';
import { gpuColumns } from './gpu-columns.js';

const row = (id: number, names: Row['names'], help: string, source: string, kind: Kind = count): Row => ({
  id,
  names,
  help,
  kind,
  source: item(source),
});

/** Times have no unit in the header, and were never seen with a value. */
const turns: readonly Row[] = [
  row(2041, ['engine_id'], 'Engine of the log.', 'engine', engines),
  row(2042, ['scheduler_policy', 'sched_policy'], 'Scheduling policy of the vGPUs.', 'policy', policies),
  row(2043, ['arr_mode'], 'Whether adaptive round robin (ARR) is enabled.', 'adaptive', adaptive),
  row(2044, ['avg_factor'], 'Averaging factor of adaptive round robin.', 'averageFactor'),
  row(2045, ['time_slice'], 'Configured time slice, in nanoseconds.', 'timeslice'),
  row(2046, ['sw_runlist_id', 'sw_rl_id'], 'Software runlist that was scheduled.', 'runlist'),
  row(2047, ['time_stamp'], 'End of the time slice, in nanoseconds.', 'timestamp'),
  row(
    2048,
    ['cumulative_run_time', 'cum_run_time'],
    'Total run time of the runlist, in nanoseconds.',
    'runTotal',
  ),
  row(
    2049,
    ['previous_timeslice_runtime', 'prev_timeslice_runtime'],
    'Run time in this slice, in nanoseconds.',
    'run',
  ),
  row(2050, ['target_time_slice'], 'Target run time of this slice, in nanoseconds.', 'target'),
  row(
    2051,
    ['cumulative_preempt_time', 'cum_preempt_time'],
    'Total preemption time of the runlist, in nanoseconds.',
    'preempted',
  ),
];

export const vgpuSchedulerLogs: Table = {
  option: 'query-vgpu-scheduler-logs',
  help: 'help-vgpu-query-scheduler-logs',
  name: 'vgpu_scheduler_logs',
  record: 'an entry of the vGPU scheduler log',
  fields: [...gpuColumns, ...turns],
  *find(gpu) {
    return schedulerRecords(yield* ask(SCHEDULER_LOGS.gpu, gpu)).map((values) => ({ values }));
  },
};

/** The same of GPU instances: of all, or of those with the ids. */
export const instanceSchedulerLogs = (wanted: readonly number[] | undefined): Table => ({
  option: 'query-gpu-instance-vgpu-scheduler-logs',
  name: 'gpu_instance_vgpu_scheduler_logs',
  record: 'an entry of the vGPU scheduler log of a GPU instance',
  fields: [...gpuColumns, row(2040, ['gi_id'], 'Id of the GPU instance.', 'instance'), ...turns],
  *find(gpu) {
    const instances = yield* allInstances(gpu);
    if (instances instanceof Missing) return instances;
    const chosen = instances.filter(({ id }) => wanted?.includes(id) ?? true);
    return yield* eachOf(chosen, entriesOf);
  },
});

/** Nanoseconds with their unit, and labels of ours in the style of `-q`: no output of `vgpu -sl` was seen. */
const LABELS: Readonly<Record<string, string>> = {
  engine_id: 'Engine ID',
  scheduler_policy: 'Scheduler Policy',
  arr_mode: 'Adaptive Round Robin',
  time_slice: 'Timeslice',
  avg_factor: 'Average Factor',
  sw_runlist_id: 'Software Runlist ID',
  time_stamp: 'Timestamp',
  cumulative_run_time: 'Cumulative Run Time',
  previous_timeslice_runtime: 'Previous Timeslice Run Time',
  target_time_slice: 'Target Timeslice',
  cumulative_preempt_time: 'Cumulative Preemption Time',
};
const nanoseconds = number('ns');

/** What `vgpu -sl` shows of a log, in its order. */
const shownTurns: readonly Field[] = Object.entries(LABELS).flatMap(([name, label]) =>
  turns
    .filter(({ names }) => names[0] === name)
    .map((turn) => ({ ...turn, label, kind: name.includes('time') ? nanoseconds : turn.kind })),
);

/** The log of `vgpu -sl`: of the GPU, or of GPU instances. */
export const vgpuTurns = (wanted?: readonly number[]): Relation => ({
  name: 'vgpu_scheduler_turns',
  record: 'a time slice of a software runlist',
  fields: wanted === undefined ? shownTurns : [ofInstance, ...shownTurns],
  *find(gpu) {
    if (wanted === undefined) {
      return schedulerRecords(yield* ask(SCHEDULER_LOGS.gpu, gpu)).map((values) => ({ values }));
    }
    const instances = yield* together(wanted.map((id) => gpuInstance(gpu, id)));
    return yield* eachOf(instances, entriesOf);
  },
});

function* entriesOf(instance: VgpuGpuInstance): Asking<readonly Found[]> {
  const entries = schedulerRecords(yield* ask(SCHEDULER_LOGS.instance, instance));
  return entries.map((entry) => ({ values: { ...entry, instance: instance.id } }));
}
