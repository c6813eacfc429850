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
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import type { Reading, View } from './bound-probe.js';
import { type Cells, cell } from './cell.js';
import { count, percent, text } from './kind.js';
import { fixed, sample } from './probe.js';
import { askProbe } from './read.js';

/** A text whose length NVML wants behind a pointer. */
export const sizedText = (length: number): Out => ({ out: 'text', length, lengthBy: 'pointer' });

const virtualizationMode = fixed(nvmlDeviceGetVirtualizationMode);

/** Whether a GPU is shared out as vGPUs: only such GPUs appear in `vgpu`. */
export function isVgpuHost(session: Session, gpu: Gpu): boolean {
  const value = askProbe(session, virtualizationMode, gpu).read('value');
  return (
    value === nvml.NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU ||
    value === nvml.NVML_GPU_VIRTUALIZATION_MODE_HOST_VSGA
  );
}

const activeVgpus = sample(nvmlDeviceGetActiveVgpus);
const supportedTypes = fixed(nvmlDeviceGetSupportedVgpus);
const creatableTypes = sample(nvmlDeviceGetCreatableVgpus);
const LISTS = { active: activeVgpus, supported: supportedTypes, creatable: creatableTypes } as const;

/** Numbers of the GPU's running vGPUs, or ids of the types that it supports or has room for. */
export const vgpuNumbers = (session: Session, gpu: Gpu, which: keyof typeof LISTS): readonly number[] =>
  askProbe(session, LISTS[which], gpu)
    .items()
    .map((item) => Number(item.read('')));

/** A type's name. */
export const vgpuTypeName = (session: Session, type: number): Reading =>
  askProbe(session, fixed(nvmlVgpuTypeGetName, { vgpuTypeId: type })).read('');

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

/** The utilization of each vGPU by its number. Of the union that NVML leaves, the values are the unsigned integers. */
export function vgpuUtilizations(session: Session, gpu: Gpu): ReadonlyMap<number, VgpuUtilization> {
  const asked = askProbe(session, utilizationSamples, gpu);
  return new Map(
    asked.items().map((item) => [
      item.number('vgpuInstance'),
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
}

/** The utilization of a vGPU that was not sampled. */
export const NO_UTILIZATION: VgpuUtilization = {
  sm: NOT_SUPPORTED,
  memory: NOT_SUPPORTED,
  encoder: NOT_SUPPORTED,
  decoder: NOT_SUPPORTED,
  jpeg: NOT_SUPPORTED,
  ofa: NOT_SUPPORTED,
};

/** Which virtual machine a running vGPU belongs to, and its type. NVML does not tell the machine's name. */
export function vgpuIdentity(
  session: Session,
  vgpu: number,
): {
  readonly vmId: Reading;
  readonly isUuid: boolean;
  readonly type: Reading;
  readonly typeName: Reading;
} {
  const vm = askProbe(session, sample(nvmlVgpuInstanceGetVmID, { vgpuInstance: vgpu }));
  const type = askProbe(session, fixed(nvmlVgpuInstanceGetType, { vgpuInstance: vgpu })).read('value');
  return {
    vmId: vm.read(''),
    isUuid: vm.number('vmIdType') === nvml.NVML_VGPU_VM_ID_UUID,
    type,
    typeName: type instanceof Missing ? type : vgpuTypeName(session, Number(type)),
  };
}

/** Encoder or frame buffer capture sessions in a vGPU, each as a view. */
export const vgpuSessions = (session: Session, vgpu: number, which: 'encoder' | 'fbc'): readonly View[] =>
  askProbe(
    session,
    which === 'encoder'
      ? sample(nvmlVgpuInstanceGetEncoderSessions, { vgpuInstance: vgpu })
      : sample(nvmlVgpuInstanceGetFBCSessions, { vgpuInstance: vgpu }),
  ).items();

const processSamples = sample(nvmlDeviceGetVgpuProcessUtilization, { lastSeenTimeStamp: 0 });

/** Processes in the GPU's vGPUs that used it lately. */
export const vgpuProcesses = (session: Session, gpu: Gpu): readonly Cells[] =>
  askProbe(session, processSamples, gpu)
    .items()
    .map((item) => ({
      vgpu: cell(count, item.read('vgpuInstance')),
      pid: cell(count, item.read('pid')),
      process_name: cell(text, item.text('processName')),
      sm: cell(percent, item.read('smUtil')),
      memory: cell(percent, item.read('memUtil')),
      encoder: cell(percent, item.read('encUtil')),
      decoder: cell(percent, item.read('decUtil')),
    }));
