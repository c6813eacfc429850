/** vGPUs on a virtualization host: which run, how busy they are, what is in them. */

import type { Out } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetActiveVgpus,
  nvmlDeviceGetCreatableVgpus,
  nvmlDeviceGetSupportedVgpus,
  nvmlDeviceGetVgpuProcessUtilization,
  nvmlDeviceGetVgpuUtilization,
  nvmlDeviceGetVirtualizationMode,
  nvmlVgpuInstanceGetEncoderSessions,
  nvmlVgpuInstanceGetFBCSessions,
  nvmlVgpuInstanceGetType,
  nvmlVgpuInstanceGetVmID,
  nvmlVgpuTypeGetName,
} from '../nvml/generated/entries.js';
import { isNotSupported, isTooNew, Missing, NOT_SUPPORTED, type Status } from '../nvml/status.js';
import { type Asking, ask, readOne } from './ask/asking.js';
import { type Subject, SYSTEM } from './ask/subject.js';
import { type Cells, cell } from './cell.js';
import { count, percent, processId, text } from './kind.js';
import { fixed, sample } from './probe.js';
import type { AnswerView, Reading } from './reading.js';

/** A text whose length NVML wants behind a pointer. */
export const sizedText = (length: number): Out => ({ out: 'text', length, lengthBy: 'pointer' });

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
const NO_LIST: readonly Status[] = [nvml.NVML_ERROR_NOT_SUPPORTED];

const LISTS = { active: activeVgpus, supported: supportedTypes, creatable: creatableTypes } as const;

/** Numbers of the GPU's running vGPUs, or ids of the types that it supports or has room for. */
export function* vgpuNumbers(gpu: Subject, which: keyof typeof LISTS): Asking<readonly number[] | Missing> {
  const items = (yield* ask(LISTS[which], gpu)).items(NO_LIST);
  return items instanceof Missing ? items : items.map((item) => Number(item.raw('')));
}

/** A type's name. */
export const vgpuTypeName = (type: number): Asking<Reading> =>
  readOne(fixed(nvmlVgpuTypeGetName, { vgpuTypeId: type }), SYSTEM, '');

/** A running vGPU's utilization, as the driver last sampled it. */
export interface VgpuUtilization {
  readonly sm: Reading;
  readonly memory: Reading;
  readonly encoder: Reading;
  readonly decoder: Reading;
  /** The function that NVML has had for utilization since vGPU software 5 does not tell this one and the next. */
  readonly jpeg: Reading;
  readonly ofa: Reading;
}

const utilizationSamples = sample(nvmlDeviceGetVgpuUtilization, { lastSeenTimeStamp: 0 });

/** The statuses by which a driver says that it has no newer samples. */
const NO_SAMPLES: readonly Status[] = [nvml.NVML_ERROR_NOT_FOUND, nvml.NVML_ERROR_NO_DATA];

/**
 * Finds the utilization of a vGPU by its number. Of the union that NVML leaves, the values are the unsigned integers. Where the
 * samples cannot be listed every value says why.
 */
export function* vgpuUtilizations(gpu: Subject): Asking<(vgpu: number) => VgpuUtilization> {
  const items = (yield* ask(utilizationSamples, gpu)).items(NO_SAMPLES);
  if (items instanceof Missing) return () => noUtilization(items);
  const byVgpu = new Map(
    items.map((item) => [
      Number(item.raw('vgpuInstance')),
      {
        sm: item.read('smUtil.uiVal'),
        memory: item.read('memUtil.uiVal'),
        encoder: item.read('encUtil.uiVal'),
        decoder: item.read('decUtil.uiVal'),
        jpeg: NOT_SUPPORTED,
        ofa: NOT_SUPPORTED,
      },
    ]),
  );
  return (vgpu) => byVgpu.get(vgpu) ?? noUtilization(NOT_SUPPORTED);
}

/** The utilization of a vGPU that was not sampled, or cannot be. */
export const noUtilization = (why: Missing): VgpuUtilization => ({
  sm: why,
  memory: why,
  encoder: why,
  decoder: why,
  jpeg: why,
  ofa: why,
});

/** Which virtual machine a running vGPU belongs to, and its type. NVML does not tell the machine's name. */
export function* vgpuIdentity(vgpu: number): Asking<{
  readonly vmId: Reading;
  readonly isUuid: boolean;
  readonly type: Reading;
  readonly typeName: Reading;
}> {
  const ofVgpu = { vgpuInstance: vgpu };
  const vm = yield* ask(sample(nvmlVgpuInstanceGetVmID, ofVgpu));
  const type = yield* readOne(fixed(nvmlVgpuInstanceGetType, ofVgpu));
  return {
    vmId: vm.read(''),
    isUuid: vm.read('vmIdType') === nvml.NVML_VGPU_VM_ID_UUID,
    type,
    typeName: type instanceof Missing ? type : yield* vgpuTypeName(Number(type)),
  };
}

/** Encoder or frame buffer capture sessions in a vGPU, each as a view. */
export function* vgpuSessions(
  vgpu: number,
  which: 'encoder' | 'fbc',
): Asking<readonly AnswerView[] | Missing> {
  const probe =
    which === 'encoder'
      ? sample(nvmlVgpuInstanceGetEncoderSessions, { vgpuInstance: vgpu })
      : sample(nvmlVgpuInstanceGetFBCSessions, { vgpuInstance: vgpu });
  return (yield* ask(probe)).items(NO_LIST);
}

const processSamples = sample(nvmlDeviceGetVgpuProcessUtilization, { lastSeenTimeStamp: 0 });

/** Processes in the GPU's vGPUs that used it lately; in their place, why they cannot be listed. */
export function* vgpuProcesses(gpu: Subject): Asking<readonly Cells[]> {
  const items = (yield* ask(processSamples, gpu)).items([...NO_LIST, ...NO_SAMPLES]);
  const record = (read: (path: string) => Reading): Cells => ({
    vgpu_instance: cell(count, read('vgpuInstance')),
    pid: cell(processId, read('pid')),
    process_name: cell(text, read('processName')),
    'utilization.gpu': cell(percent, read('smUtil')),
    'utilization.memory': cell(percent, read('memUtil')),
    'utilization.encoder': cell(percent, read('encUtil')),
    'utilization.decoder': cell(percent, read('decUtil')),
  });
  if (!(items instanceof Missing)) return items.map((item) => record((path) => item.read(path)));
  return [record(() => items)];
}
