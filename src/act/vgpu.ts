/** vGPU hosts: vGPUs of different sizes on a GPU, timeslicing of MIG, and what was accounted of vGPUs. */
import {
  NVML_DEVICE_VGPU_CAP_MIG_TIMESLICING_ENABLED,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
  NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU,
  NVML_GPU_VIRTUALIZATION_MODE_HOST_VSGA,
} from '../nvml/generated/constants.js';
import * as nvml from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, type Status, statusReason } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { gpuInstances } from '../query/mig/gpu-instances.js';
import { sample } from '../query/probe.js';
import type { Attempt } from './acting.js';
import { changed, failed, ready, type Target } from './action.js';
import { askNow, now, runNow, targetOf } from './ask.js';
import type { NamedValues } from './audit.js';
import { change } from './change.js';
import { verdictOf } from './words.js';

const STATES: Readonly<Record<string, number>> = { 0: 0, DISABLED: 0, 1: 1, ENABLED: 1 };

interface VgpuMode {
  readonly action: string;
  readonly what: string;
  readonly part?: NamedValues;
  readonly set: (target: Target, mode: number) => Status;
}

const HETEROGENEOUS: VgpuMode = {
  action: 'set-heterogeneous-mode',
  what: 'vGPU heterogeneous mode',
  set: ({ asker, gpu }, mode) => change(asker, nvml.nvmlDeviceSetVgpuHeterogeneousMode, { mode }, gpu).status,
};

const MIG_TIMESLICING = NVML_DEVICE_VGPU_CAP_MIG_TIMESLICING_ENABLED;

const TIMESLICING: VgpuMode = {
  action: 'set-mig-timeslice-mode',
  what: 'MIG timeslice mode',
  set: ({ asker, gpu }, state) =>
    change(asker, nvml.nvmlDeviceSetVgpuCapabilities, { capability: MIG_TIMESLICING, state }, gpu).status,
};

/** That of a GPU instance, whose vGPUs share it. */
const heterogeneousOf = (instance: number): VgpuMode => ({
  ...HETEROGENEOUS,
  part: { gpu_instance: instance },
  what: `vGPU heterogeneous mode of GPU instance ${instance}`,
  set({ asker, gpu }, mode) {
    const found = runNow(asker, gpuInstances(gpu)).find(({ id }) => id === instance);
    return found === undefined
      ? NVML_ERROR_NOT_FOUND
      : change(asker, nvml.nvmlGpuInstanceSetVgpuHeterogeneousMode, { mode }, found).status;
  },
});

const setMode = ({ action, what, part, set }: VgpuMode, target: Target, text: string): Attempt => {
  const mode = Object.hasOwn(STATES, text) ? STATES[text] : undefined;
  const { busId } = target;
  return {
    action,
    value: text,
    target,
    ...(part === undefined ? {} : { part }),
    needs: ['root', 'idle'],
    check: () =>
      mode === undefined
        ? failed(
            NVML_ERROR_INVALID_ARGUMENT,
            `Option passed to set the ${what} on device ${busId} is invalid `,
            'Valid arguments are 0|DISABLED or 1|ENABLED ',
          )
        : ready,
    make: () =>
      verdictOf(set(target, mode ?? 0), {
        done: `${mode === 1 ? 'Enabled' : 'Disabled'} ${what} for GPU ${busId}`,
        failed: `Unable to ${mode === 1 ? 'enable' : 'disable'} ${what} for GPU ${busId}`,
      }),
  };
};

export const setHeterogeneous = (target: Target, text: string, instance?: number): Attempt =>
  setMode(instance === undefined ? HETEROGENEOUS : heterogeneousOf(instance), target, text);
export const setTimeslicing = (target: Target, text: string): Attempt => setMode(TIMESLICING, target, text);

export const clearAccounted = (target: Target, vgpuInstance: number): Attempt => ({
  action: 'clear-accounted-apps',
  value: null,
  target,
  part: { vgpu: vgpuInstance },
  needs: ['root'],
  make() {
    const { status } = change(target.asker, nvml.nvmlVgpuInstanceClearAccountingPids, { vgpuInstance });
    if (status === 0) return changed(`Cleared Accounted PIDs for vGPU ${vgpuInstance} `);
    const line = `Unable to clear Accounted PIDs for vGPU ${vgpuInstance}: ${statusReason(status)}`;
    return { ...failed(status, line), isQuiet: true };
  },
});

const HOST_MODES: readonly unknown[] = [
  NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU,
  NVML_GPU_VIRTUALIZATION_MODE_HOST_VSGA,
];

export interface VgpuHost {
  readonly target: Target;
  readonly hasActiveVgpus: boolean;
}

/** The GPUs that are shared out as vGPUs. */
export const onVgpuHosts = (asker: Asker, gpus: readonly Gpu[]): readonly VgpuHost[] =>
  gpus
    .filter(({ handle }) => handle !== undefined)
    .map((gpu) => targetOf(asker, gpu))
    .filter((target) => HOST_MODES.includes(now(target, nvml.nvmlDeviceGetVirtualizationMode)))
    .map((target) => {
      const active = askNow(asker, sample(nvml.nvmlDeviceGetActiveVgpus), target.gpu).items();
      return { target, hasActiveVgpus: !(active instanceof Missing) && active.length > 0 };
    });
