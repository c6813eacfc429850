/** vGPUs on a virtualization host: which run, and which types there are. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetActiveVgpus,
  nvmlDeviceGetCreatableVgpus,
  nvmlDeviceGetSupportedVgpus,
  nvmlDeviceGetVirtualizationMode,
} from '../../nvml/generated/entries.js';
import { isNotSupported, isTooNew, Missing, type Status } from '../../nvml/status.js';
import { type Asking, ask } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { fixed, sample } from '../probe.js';
import type { Reading } from '../reading.js';

const virtualizationMode = fixed(nvmlDeviceGetVirtualizationMode);

const HOST_MODES: readonly Reading[] = [
  nvml.NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU,
  nvml.NVML_GPU_VIRTUALIZATION_MODE_HOST_VSGA,
];

/** Whether a GPU is shared out as vGPUs: only such GPUs appear in `vgpu`. Missing where it does not say what it is. */
export function* isVgpuHost(gpu: Subject): Asking<boolean | Missing> {
  const asked = yield* ask(virtualizationMode, gpu);
  const mode = asked.read('value');
  if (!(mode instanceof Missing)) return HOST_MODES.includes(mode);
  return isNotSupported(mode) || isTooNew(mode.status) ? false : asked.refusal();
}

const activeVgpus = sample(nvmlDeviceGetActiveVgpus);
const supportedTypes = fixed(nvmlDeviceGetSupportedVgpus);
const creatableTypes = sample(nvmlDeviceGetCreatableVgpus);
/** A GPU, or a vGPU, that has nothing of the kind. */
export const NO_LIST: readonly Status[] = [nvml.NVML_ERROR_NOT_SUPPORTED];

const LISTS = { active: activeVgpus, supported: supportedTypes, creatable: creatableTypes } as const;

/** Numbers of the GPU's running vGPUs, or ids of the types that it supports or has room for. */
export function* vgpuNumbers(gpu: Subject, which: keyof typeof LISTS): Asking<readonly number[] | Missing> {
  const items = (yield* ask(LISTS[which], gpu)).items(NO_LIST);
  return items instanceof Missing ? items : items.map((item) => Number(item.raw('')));
}
