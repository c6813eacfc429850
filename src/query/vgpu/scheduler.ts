/** How the vGPUs of a GPU, or of one of its GPU instances, take turns: state, log and capabilities of the scheduler. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetVgpuSchedulerCapabilities,
  nvmlDeviceGetVgpuSchedulerLog,
  nvmlDeviceGetVgpuSchedulerState,
  nvmlGpuInstanceGetVgpuSchedulerLog,
  nvmlGpuInstanceGetVgpuSchedulerState,
} from '../../nvml/generated/entries.js';
import * as layouts from '../../nvml/generated/layouts.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { type Field, from, type Source } from '../field.js';
import { count, type Kind, number, supported, text, words } from '../kind.js';
import { fixed, type Probe, sample } from '../probe.js';
import type { Answer, AnswerView, Pick, Reading } from '../reading.js';
import type { Relation } from '../relation.js';
import { ofGpuOrInstances } from './instances.js';

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

const row = (name: string, label: string, kind: Kind, source: Source, help: string): Field => ({
  names: [name],
  label,
  help,
  kind,
  source,
});

/** `-ss`. No output was seen; the labels are ours, in the style of `-q`. */
export const vgpuSchedulers = (wanted?: readonly number[]): Relation =>
  ofGpuOrInstances(
    'vgpu_schedulers',
    'the scheduler',
    (which) => {
      const state = (pick: Pick): Source => from(STATES[which], pick);
      return [
        row(
          'scheduler_policy',
          'Scheduler Policy',
          policies,
          state('schedulerPolicy'),
          'Best Effort, Equal Share or Fixed Share.',
        ),
        row(
          'arr_mode',
          'Adaptive Round Robin',
          adaptive,
          state('arrMode'),
          'Adaptive round robin: Default, Disabled or Enabled.',
        ),
        row('time_slice', 'Timeslice', nanoseconds, state(timeslice), 'Time slice of a vGPU.'),
        row(
          'avg_factor',
          'Average Factor',
          count,
          state(averageFactor),
          'Averaging factor of the adaptive round robin.',
        ),
      ];
    },
    wanted,
  );

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

const policyNames = (view: AnswerView): Reading =>
  Array.from({ length: layouts.nvmlVgpuSchedulerCapabilities_t.fields.supportedSchedulers[2] }, (_, i) =>
    view.read(`supportedSchedulers.${i}`),
  )
    .filter((policy) => policy !== nvml.NVML_VGPU_SCHEDULER_POLICY_UNKNOWN)
    .flatMap((policy) => (policy instanceof Missing ? [] : [policies.spell(policy)]))
    .join(', ');

const capability = (name: string, label: string, kind: Kind, pick: Pick, help: string): Field =>
  row(name, label, kind, from(capabilities, pick), help);

/** `-sc`. No output was seen. */
export const vgpuSchedulerCapabilities: Relation = {
  name: 'vgpu_scheduler_capabilities',
  record: 'the capabilities of the scheduler of a GPU',
  fields: [
    capability(
      'supported_policies',
      'Supported Policies',
      text,
      policyNames,
      'Names of the policies, separated by commas.',
    ),
    capability('max_time_slice', 'Maximum Timeslice', nanoseconds, 'maxTimeslice', 'Maximum time slice.'),
    capability('min_time_slice', 'Minimum Timeslice', nanoseconds, 'minTimeslice', 'Minimum time slice.'),
    capability(
      'arr_mode.supported',
      'Adaptive Round Robin',
      supported,
      'isArrModeSupported',
      'Whether adaptive round robin is supported.',
    ),
    capability(
      'max_frequency',
      'Maximum Frequency',
      hertz,
      'maxFrequencyForARR',
      'Maximum frequency of the adaptive round robin.',
    ),
    capability(
      'min_frequency',
      'Minimum Frequency',
      hertz,
      'minFrequencyForARR',
      'Minimum frequency of the adaptive round robin.',
    ),
    capability(
      'max_avg_factor',
      'Maximum Average Factor',
      count,
      'maxAvgFactorForARR',
      'Maximum average factor of the adaptive round robin.',
    ),
    capability(
      'min_avg_factor',
      'Minimum Average Factor',
      count,
      'minAvgFactorForARR',
      'Minimum average factor of the adaptive round robin.',
    ),
  ],
};

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
