/** How the vGPUs of a GPU, or of one of its GPU instances, take turns: state, log and capabilities of the scheduler. */

import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetVgpuSchedulerCapabilities,
  nvmlDeviceGetVgpuSchedulerLog,
  nvmlDeviceGetVgpuSchedulerState,
  nvmlGpuInstanceGetVgpuSchedulerLog,
  nvmlGpuInstanceGetVgpuSchedulerState,
} from '../nvml/generated/entries.js';
import * as layouts from '../nvml/generated/layouts.js';
import { isNotSupported, Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, ask } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { count, type Kind, number, supported, text, words } from './kind.js';
import { fixed, type Probe, sample } from './probe.js';
import type { Answer, AnswerView, Pick, Reading } from './reading.js';
import { lineAt, type VgpuField } from './vgpu-lines.js';

const nanoseconds = number('ns');
const hertz = number('Hz');

const POLICIES: Readonly<Record<number, string>> = {
  [nvml.NVML_VGPU_SCHEDULER_POLICY_BEST_EFFORT]: 'Best Effort',
  [nvml.NVML_VGPU_SCHEDULER_POLICY_EQUAL_SHARE]: 'Equal Share',
  [nvml.NVML_VGPU_SCHEDULER_POLICY_FIXED_SHARE]: 'Fixed Share',
};

export const policies: Kind = words(POLICIES);
export const adaptive: Kind = words({
  [nvml.NVML_VGPU_SCHEDULER_ARR_DEFAULT]: 'Default',
  [nvml.NVML_VGPU_SCHEDULER_ARR_DISABLE]: 'Disabled',
  [nvml.NVML_VGPU_SCHEDULER_ARR_ENABLE]: 'Enabled',
});
export const engines: Kind = words({
  [nvml.NVML_VGPU_SCHEDULER_ENGINE_TYPE_GRAPHICS]: 'Graphics',
  [nvml.NVML_VGPU_SCHEDULER_ENGINE_TYPE_NVENC1]: 'NVENC1',
  [nvml.NVML_VGPU_SCHEDULER_ENGINE_TYPE_NVENC0]: 'NVENC0',
});

/** NVML asks about a GPU and about a GPU instance with functions of their own. */
export type Scheduled = 'gpu' | 'instance';

const GRAPHICS = { engineId: nvml.NVML_VGPU_SCHEDULER_ENGINE_TYPE_GRAPHICS };

const STATES: Readonly<Record<Scheduled, Probe>> = {
  gpu: sample(nvmlDeviceGetVgpuSchedulerState),
  instance: sample(nvmlGpuInstanceGetVgpuSchedulerState, GRAPHICS),
};

export const SCHEDULER_LOGS: Readonly<Record<Scheduled, Probe>> = {
  gpu: sample(nvmlDeviceGetVgpuSchedulerLog),
  instance: sample(nvmlGpuInstanceGetVgpuSchedulerLog, GRAPHICS),
};

const capabilities = fixed(nvmlDeviceGetVgpuSchedulerCapabilities);

const isAdaptive = (view: AnswerView): boolean =>
  view.read('arrMode') === nvml.NVML_VGPU_SCHEDULER_ARR_ENABLE;

/** Which member of the union holds depends on the mode. */
const timeslice = (view: AnswerView): Reading =>
  view.read(`schedulerParams.${isAdaptive(view) ? 'vgpuSchedDataWithARR' : 'vgpuSchedData'}.timeslice`);

const averageFactor = (view: AnswerView): Reading =>
  isAdaptive(view) ? view.read('schedulerParams.vgpuSchedDataWithARR.avgFactor') : NOT_SUPPORTED;

const reader =
  (asked: Answer, depth: number) =>
  (name: string, label: string, kind: Kind, pick: Pick): VgpuField =>
    lineAt(depth, name, label, kind, asked.pick(pick)());

const stateLines = (asked: Answer): readonly VgpuField[] => {
  const line = reader(asked, 1);
  return [
    line('scheduler_policy', 'Scheduler Policy', policies, 'schedulerPolicy'),
    line('arr_mode', 'Adaptive Round Robin', adaptive, 'arrMode'),
    line('time_slice', 'Timeslice', nanoseconds, timeslice),
    line('avg_factor', 'Average Factor', count, averageFactor),
  ];
};

/** `-ss`. No output was seen; the labels are ours, in the style of `-q`. */
export function* schedulerLines(of: Subject, which: Scheduled): Asking<readonly VgpuField[]> {
  return stateLines(yield* ask(STATES[which], of));
}

/** A turn of one software runlist, by the names of its cells. */
export interface Turn {
  readonly runlist: Reading;
  readonly timestamp: Reading;
  readonly runTotal: Reading;
  readonly run: Reading;
  readonly target: Reading;
  readonly preempted: Reading;
}

/** The turns of a log, oldest first. */
function turnsOf(log: Answer): readonly Turn[] | Missing {
  const entries = log.status === 0 ? log.elements('entriesCount', 'logEntries') : log.refusal();
  if (entries instanceof Missing) return entries;
  return entries.map((entry) => ({
    runlist: entry.read('swRunlistId'),
    timestamp: entry.read('timestamp'),
    runTotal: entry.read('timeRunTotal'),
    run: entry.read('timeRun'),
    target: entry.read('targetTimeSlice'),
    preempted: entry.read('cumulativePreemptionTime'),
  }));
}

/** In place of the turns of a log that has none, or could not be read. */
const noTurn = (why: Missing): Turn => ({
  runlist: why,
  timestamp: why,
  runTotal: why,
  run: why,
  target: why,
  preempted: why,
});

const turnLines = ({ runlist, timestamp, runTotal, run, target, preempted }: Turn): readonly VgpuField[] => [
  lineAt(1, 'sw_runlist_id', 'Software Runlist ID', count, runlist),
  lineAt(2, 'time_stamp', 'Timestamp', nanoseconds, timestamp),
  lineAt(2, 'cumulative_run_time', 'Cumulative Run Time', nanoseconds, runTotal),
  lineAt(2, 'previous_timeslice_runtime', 'Previous Timeslice Run Time', nanoseconds, run),
  lineAt(2, 'target_time_slice', 'Target Timeslice', nanoseconds, target),
  lineAt(2, 'cumulative_preempt_time', 'Cumulative Preemption Time', nanoseconds, preempted),
];

export interface SchedulerLog {
  readonly state: readonly VgpuField[];
  readonly turns: readonly (readonly VgpuField[])[];
}

/** `-sl`: what engine and how, then its turns. No output was seen. */
export function* schedulerLog(of: Subject, which: Scheduled): Asking<SchedulerLog> {
  const log = yield* ask(SCHEDULER_LOGS[which], of);
  const engine = reader(log, 1)('engine_id', 'Engine ID', engines, 'engineId');
  const turns = turnsOf(log);
  const none = isNotSupported(turns) ? [] : undefined;
  const listed = turns instanceof Missing ? (none ?? [noTurn(turns)]) : turns;
  return { state: [engine, ...stateLines(log)], turns: listed.map(turnLines) };
}

/** `-sc`. No output was seen. */
export function* schedulerCapabilityLines(gpu: Subject): Asking<readonly VgpuField[]> {
  const line = reader(yield* ask(capabilities, gpu), 1);
  const policyNames = (view: AnswerView): Reading =>
    Array.from({ length: layouts.nvmlVgpuSchedulerCapabilities_t.fields.supportedSchedulers[2] }, (_, i) =>
      view.read(`supportedSchedulers.${i}`),
    )
      .filter((policy) => policy !== nvml.NVML_VGPU_SCHEDULER_POLICY_UNKNOWN)
      .flatMap((policy) => (policy instanceof Missing ? [] : [policies.spell(policy)]))
      .join(', ');
  return [
    line('supported_policies', 'Supported Policies', text, policyNames),
    line('max_time_slice', 'Maximum Timeslice', nanoseconds, 'maxTimeslice'),
    line('min_time_slice', 'Minimum Timeslice', nanoseconds, 'minTimeslice'),
    line('arr_mode.supported', 'Adaptive Round Robin', supported, 'isArrModeSupported'),
    line('max_frequency', 'Maximum Frequency', hertz, 'maxFrequencyForARR'),
    line('min_frequency', 'Minimum Frequency', hertz, 'minFrequencyForARR'),
    line('max_avg_factor', 'Maximum Average Factor', count, 'maxAvgFactorForARR'),
    line('min_avg_factor', 'Minimum Average Factor', count, 'minAvgFactorForARR'),
  ];
}

/** The log's records for --query-*: its head repeated beside every turn; alone where there is none. */
export function schedulerRecords(log: Answer): readonly Readonly<Record<string, Reading>>[] {
  const head = {
    engine: log.read('engineId'),
    policy: log.read('schedulerPolicy'),
    adaptive: log.read('arrMode'),
    timeslice: log.pick(timeslice)(),
    averageFactor: log.pick(averageFactor)(),
  };
  const found = turnsOf(log);
  const turns = found instanceof Missing ? [noTurn(found)] : found;
  return (turns.length === 0 ? [noTurn(NOT_SUPPORTED)] : turns).map((turn) => ({ ...head, ...turn }));
}
