/** The scheduler of vGPUs that share a GPU, set with nvidia-smi's words (550.163.01 on a made-up vGPU host). */

import { jsonText } from '../base/plain-text.js';
import { type Call, struct } from '../nvml/call.js';
import { callWith } from '../nvml/call-of.js';
import {
  NVML_ERROR_IN_USE,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_SUPPORTED,
  NVML_VGPU_SCHEDULER_ARR_DEFAULT,
  NVML_VGPU_SCHEDULER_ARR_DISABLE,
  NVML_VGPU_SCHEDULER_ARR_ENABLE,
  NVML_VGPU_SCHEDULER_POLICY_BEST_EFFORT,
} from '../nvml/generated/constants.js';
import { nvmlDeviceSetVgpuSchedulerState } from '../nvml/generated/entries.js';
import type { Layout } from '../nvml/layout.js';
import { asking } from '../query/probe.js';
import type { Attempt } from './acting.js';
import { changed, failed, ready, type Target, unsupported } from './action.js';
import { askNow } from './ask.js';

/** nvmlVgpuSchedulerSetState_t: its union is a timeslice, or an averaging factor and a frequency. */
const STATE: Layout = {
  size: 16,
  fields: {
    schedulerPolicy: ['u32', 0],
    enableARRMode: ['u32', 4],
    timesliceOrFactor: ['u32', 8],
    frequency: ['u32', 12],
  },
};

export interface Scheduling {
  readonly policy: number;
  /** Adaptive round robin, on or off; undefined is the driver's default. */
  readonly isAdaptive: boolean | undefined;
  readonly frequency: number | undefined;
  readonly averagingFactor: number | undefined;
  /** Nanoseconds. */
  readonly timeslice: number | undefined;
}

const MODES = new Map([
  [undefined, NVML_VGPU_SCHEDULER_ARR_DEFAULT],
  [false, NVML_VGPU_SCHEDULER_ARR_DISABLE],
  [true, NVML_VGPU_SCHEDULER_ARR_ENABLE],
]);

function settingCall({ policy, isAdaptive, frequency, averagingFactor, timeslice }: Scheduling): Call {
  const state = {
    schedulerPolicy: policy,
    enableARRMode: MODES.get(isAdaptive) ?? NVML_VGPU_SCHEDULER_ARR_DEFAULT,
    timesliceOrFactor: isAdaptive === true ? (averagingFactor ?? 0) : (timeslice ?? 0),
    frequency: frequency ?? 0,
  };
  return callWith(nvmlDeviceSetVgpuSchedulerState, struct(STATE, state));
}

/** What does not go with the policy of best effort, by the name of the argument. */
function stray({
  policy,
  isAdaptive,
  frequency,
  averagingFactor,
  timeslice,
}: Scheduling): string | undefined {
  if (policy !== NVML_VGPU_SCHEDULER_POLICY_BEST_EFFORT) return undefined;
  if (isAdaptive !== undefined) return 'ARR mode';
  if (frequency !== undefined) return 'scheduling frequency';
  if (averagingFactor !== undefined) return 'averaging factor';
  return timeslice === undefined ? undefined : 'timeslice';
}

const REFUSED = 'Unable to set the vGPU scheduler state';

export function setScheduler(target: Target, wanted: Scheduling, hasActiveVgpus: boolean): Attempt {
  const { asker, gpu, busId } = target;
  return {
    action: 'set-scheduler-state',
    value: wanted.policy,
    target,
    needs: ['root', 'idle'],
    check() {
      const name = stray(wanted);
      if (name !== undefined) {
        const line = `${REFUSED}. Invalid argument ${name}.`;
        return { ...failed(NVML_ERROR_INVALID_ARGUMENT, line), isQuiet: true };
      }
      // nvidia-smi has a blank at the end of the first line.
      return hasActiveVgpus
        ? unsupported(
            NVML_ERROR_IN_USE,
            `${REFUSED} on device "${busId}". `,
            'vGPU scheduler state cannot be configured, if vGPU instance is currently active on the device.',
          )
        : ready;
    },
    make() {
      const name = `nvmlDeviceSetVgpuSchedulerState(${jsonText(wanted)})`;
      const { status } = askNow(asker, asking(name, settingCall(wanted)), gpu);
      switch (status) {
        case 0:
          return changed();
        case NVML_ERROR_INVALID_ARGUMENT:
          return failed(status, `${REFUSED}. Invalid argument`);
        case NVML_ERROR_NOT_SUPPORTED:
          return failed(status, `${REFUSED}. Not supported on device "${busId}". `);
        default:
          return failed(status, `${REFUSED} on device "${busId}". `);
      }
    },
  };
}
