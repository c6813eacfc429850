/** Table: what is known of each running vGPU. Labels are those of drivers 525 and 580.105.08. */

import type { Entry } from '../../nvml/entry.js';
import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetVgpuUtilization,
  nvmlVgpuInstanceGetAccountingMode,
  nvmlVgpuInstanceGetEccMode,
  nvmlVgpuInstanceGetEncoderStats,
  nvmlVgpuInstanceGetFBCStats,
  nvmlVgpuInstanceGetFbUsage,
  nvmlVgpuInstanceGetFrameRateLimit,
  nvmlVgpuInstanceGetGpuInstanceId,
  nvmlVgpuInstanceGetGpuPciId,
  nvmlVgpuInstanceGetLicenseInfo_v2,
  nvmlVgpuInstanceGetMdevUUID,
  nvmlVgpuInstanceGetPlacementId,
  nvmlVgpuInstanceGetType,
  nvmlVgpuInstanceGetUUID,
  nvmlVgpuInstanceGetVmDriverVersion,
  nvmlVgpuInstanceGetVmID,
  nvmlVgpuTypeGetFramebufferSize,
  nvmlVgpuTypeGetName,
} from '../../nvml/generated/entries.js';
import { Missing, NOT_SUPPORTED, noneByOnes, type Status } from '../../nvml/status.js';
import { type Asking, ask, readOne, together, type Wanted, want } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { derive } from '../derive.js';
import { asks, constant, type Field, item, type RecordValues, type Source } from '../field.js';
import { gpuRow } from '../gpu-fields.js';
import { count, enabled, type Kind, mebibytes, microseconds, number, percent, text, words } from '../kind.js';
import { fixed, sample } from '../probe.js';
import type { AnswerView, Pick, Reading } from '../reading.js';
import type { Relation } from '../relation.js';
import { instanceOfVgpu } from './instances.js';
import { vgpuNumbers } from './vgpu.js';

export const framesPerSecond = number('FPS');

export const vgpuInstance: Field = {
  names: ['vgpu_instance'],
  label: 'vGPU ID',
  help: 'Number of the vGPU.',
  kind: count,
  source: item('vgpuInstance'),
};

const row = (name: string, label: string, kind: Kind, source: Source, help: string): Field => ({
  names: [name],
  label,
  help,
  kind,
  source,
});

/** A function about a vGPU, whose number is an argument. */
const ofVgpu = (entry: Entry, pick: Pick = 'value'): Source =>
  asks(({ vgpuInstance: vgpu }) => want(sample(entry, { vgpuInstance: Number(vgpu) }), pick));

/** A function about the type of a vGPU. */
const ofType = (wanted: (vgpuTypeId: number) => Wanted): Source =>
  asks(({ type = NOT_SUPPORTED }) => (type instanceof Missing ? type : wanted(Number(type))));

/** Unlicensed (Unrestricted) and N/A were seen with driver 580, the expiry is spelled as the guide spells it. */
function licenseText(view: AnswerView): Reading {
  const state = view.read('currentState');
  if (state === nvml.NVML_GRID_LICENSE_STATE_LICENSED) return `Licensed (Expiry: ${expiryText(view)})`;
  return UNLICENSED[Number(state)] ?? 'N/A (Expiry: N/A)';
}

const UNLICENSED: Readonly<Record<number, string>> = {
  [nvml.NVML_GRID_LICENSE_STATE_UNLICENSED_UNRESTRICTED]: 'Unlicensed (Unrestricted)',
  [nvml.NVML_GRID_LICENSE_STATE_UNLICENSED_RESTRICTED]: 'Unlicensed (Restricted)',
  [nvml.NVML_GRID_LICENSE_STATE_UNLICENSED]: 'Unlicensed',
};

const EXPIRIES: Readonly<Record<number, string>> = {
  [nvml.NVML_GRID_LICENSE_EXPIRY_NOT_AVAILABLE]: 'N/A',
  [nvml.NVML_GRID_LICENSE_EXPIRY_INVALID]: 'Invalid',
  [nvml.NVML_GRID_LICENSE_EXPIRY_NOT_APPLICABLE]: 'Not Applicable',
  [nvml.NVML_GRID_LICENSE_EXPIRY_PERMANENT]: 'Permanent',
};

function expiryText(view: AnswerView): string {
  const part = (name: string): Reading => view.raw(`licenseExpiry.${name}`);
  const date = `${part('year')}-${part('month')}-${part('day')}`;
  return EXPIRIES[Number(part('status'))] ?? `${date} ${part('hour')}:${part('min')}:${part('sec')} GMT`;
}

const placement = (view: AnswerView): Reading => {
  const id = view.read('placementId');
  return id === nvml.NVML_INVALID_VGPU_PLACEMENT_ID ? NOT_SUPPORTED : id;
};

const utilizationSamples = sample(nvmlDeviceGetVgpuUtilization, { lastSeenTimeStamp: 0 });

/** The statuses by which a driver says that it has no newer samples. */
const NO_SAMPLES: readonly Status[] = [nvml.NVML_ERROR_NOT_FOUND, nvml.NVML_ERROR_NO_DATA];

/** A value of the sample of a vGPU that was found with it. Of the union that NVML leaves, it is the unsigned integer. */
const sampled = (path: string): Source => ({ derived: [{ source: item(path) }], of: (value) => value });

const SAMPLED = {
  gpu: 'smUtil.uiVal',
  memory: 'memUtil.uiVal',
  encoder: 'encUtil.uiVal',
  decoder: 'decUtil.uiVal',
} as const;

/**
 * Finds the utilization of a vGPU by its number, as the driver last sampled it. Where the samples cannot be listed every value says
 * why.
 */
function* utilizations(gpu: Subject): Asking<(vgpu: number) => RecordValues> {
  const items = (yield* ask(utilizationSamples, gpu)).items(NO_SAMPLES);
  const values = (read: (path: string) => Reading): RecordValues =>
    Object.fromEntries(Object.values(SAMPLED).map((path) => [path, read(path)]));
  if (items instanceof Missing) return () => values(() => items);
  const byVgpu = new Map(
    items.map((one) => [Number(one.raw('vgpuInstance')), values((path) => one.read(path))]),
  );
  return (vgpu) => byVgpu.get(vgpu) ?? values(() => NOT_SUPPORTED);
}

const busy = (name: string, label: string, source: Source, help: string): Field =>
  row(`utilization.${name}`, label, percent, source, help);

/** The function that NVML has had for utilization since vGPU software 5 does not have these two. */
const unsampled = constant(NOT_SUPPORTED);

export const vgpuUtilization: readonly Field[] = [
  busy('gpu', 'GPU', sampled(SAMPLED.gpu), 'Share of time in which a kernel of the vGPU ran.'),
  busy('memory', 'Memory', sampled(SAMPLED.memory), 'Share of time in which the vGPU read or wrote memory.'),
  busy('encoder', 'Encoder', sampled(SAMPLED.encoder), 'Utilization of the video encoders.'),
  busy('decoder', 'Decoder', sampled(SAMPLED.decoder), 'Utilization of the video decoders.'),
];

export const vgpuEngines: readonly Field[] = [
  ...vgpuUtilization,
  busy('jpeg', 'JPEG', unsampled, 'Utilization of the JPEG decoders.'),
  busy('ofa', 'OFA', unsampled, 'Utilization of the optical flow engine.'),
];

const stats = (of: string, entry: Entry, sessions: string, fps: string): readonly Field[] => [
  row(
    `${of}.stats.sessionCount`,
    'Active Sessions',
    count,
    ofVgpu(entry, sessions),
    'Number of its sessions.',
  ),
  row(
    `${of}.stats.averageFps`,
    'Average FPS',
    count,
    ofVgpu(entry, fps),
    'Frames per second of its sessions, as a moving average.',
  ),
  row(
    `${of}.stats.averageLatency`,
    'Average Latency',
    microseconds,
    ofVgpu(entry, 'averageLatency'),
    'Latency of its sessions in us, as a moving average.',
  ),
];

const total: Source = ofType((vgpuTypeId) => want(fixed(nvmlVgpuTypeGetFramebufferSize, { vgpuTypeId })));
const used = ofVgpu(nvmlVgpuInstanceGetFbUsage);

export const vmId = row(
  'vm_id',
  'VM ID',
  text,
  ofVgpu(nvmlVgpuInstanceGetVmID, ''),
  'UUID or domain id of the virtual machine.',
);
export const vmIdType = row(
  'vm_id_type',
  '',
  words({ [nvml.NVML_VGPU_VM_ID_DOMAIN_ID]: 'Domain ID', [nvml.NVML_VGPU_VM_ID_UUID]: 'UUID' }),
  ofVgpu(nvmlVgpuInstanceGetVmID, 'vmIdType'),
  'Kind of id: UUID or Domain ID.',
);
export const typeName = row(
  'type_name',
  'vGPU Name',
  text,
  ofType((vgpuTypeId) => want(fixed(nvmlVgpuTypeGetName, { vgpuTypeId }), '')),
  'Name of the type.',
);
export const vgpuUuid = row(
  'uuid',
  'vGPU UUID',
  text,
  ofVgpu(nvmlVgpuInstanceGetUUID, ''),
  'UUID of the vGPU.',
);

/** The lines of `-q`, in their order. */
export const vgpuDetails: readonly Field[] = [
  vgpuInstance,
  vmId,
  vmIdType,
  row('vm_name', 'VM Name', text, constant(NOT_SUPPORTED), 'Null: NVML has no function for it.'),
  typeName,
  row(
    'type_id',
    'vGPU Type',
    count,
    { derived: [{ source: item('type') }], of: (type) => type },
    'Number of the type.',
  ),
  vgpuUuid,
  row(
    'mdev_uuid',
    'MDEV UUID',
    text,
    ofVgpu(nvmlVgpuInstanceGetMdevUUID, ''),
    'UUID of the mediated device, if there is one.',
  ),
  row(
    'guest_driver_version',
    'Guest Driver Version',
    text,
    ofVgpu(nvmlVgpuInstanceGetVmDriverVersion, ''),
    'Driver in the virtual machine.',
  ),
  row(
    'license_status',
    'License Status',
    text,
    ofVgpu(nvmlVgpuInstanceGetLicenseInfo_v2, licenseText),
    'License status, and when the license expires.',
  ),
  row(
    'gpu_instance_id',
    'GPU Instance ID',
    count,
    ofVgpu(nvmlVgpuInstanceGetGpuInstanceId, (view) => noneByOnes(view.read('value'))),
    'GPU instance that it runs on.',
  ),
  row(
    'placement_id',
    'Placement ID',
    count,
    ofVgpu(nvmlVgpuInstanceGetPlacementId, placement),
    'Placement in the memory of the GPU.',
  ),
  row(
    'accounting.mode',
    'Accounting Mode',
    enabled,
    ofVgpu(nvmlVgpuInstanceGetAccountingMode),
    'Whether accounting of processes is enabled.',
  ),
  row('ecc.mode.current', 'ECC Mode', enabled, ofVgpu(nvmlVgpuInstanceGetEccMode), 'Whether ECC is enabled.'),
  row(
    'accounting.buffer_size',
    'Accounting Buffer Size',
    count,
    gpuRow('accounting.buffer_size').source,
    'Capacity of the accounting buffer, in processes.',
  ),
  row(
    'frame_rate_limit',
    'Frame Rate Limit',
    framesPerSecond,
    ofVgpu(nvmlVgpuInstanceGetFrameRateLimit),
    'Maximum frame rate.',
  ),
  row(
    'pci.bus_id',
    'Bus Id',
    text,
    ofVgpu(nvmlVgpuInstanceGetGpuPciId, ''),
    'PCI address in the virtual machine.',
  ),
  row('memory.total', 'Total', mebibytes, total, 'Memory of a vGPU.'),
  row('memory.used', 'Used', mebibytes, used, 'Used memory.'),
  row(
    'memory.free',
    'Free',
    mebibytes,
    {
      derived: [{ source: total }, { source: used }],
      of: (...both) => {
        const free = derive(both, (all = 0, taken = 0) => all - taken);
        return free instanceof Missing ? NOT_SUPPORTED : free;
      },
    },
    'Free memory.',
  ),
  ...vgpuUtilization,
  ...stats('encoder', nvmlVgpuInstanceGetEncoderStats, 'sessionCount', 'averageFps'),
  ...stats('fbc', nvmlVgpuInstanceGetFBCStats, 'sessionsCount', 'averageFPS'),
];

/** The vGPUs that run on these GPU instances. */
function* runningOn(wanted: readonly number[], ids: readonly number[]): Asking<readonly number[]> {
  const places = yield* together(ids.map(instanceOfVgpu));
  return ids.filter((_, i) => {
    const place = places[i] as Reading;
    return !(place instanceof Missing) && wanted.includes(Number(place));
  });
}

/** Whether a field is about the type of the vGPU. */
const isOfType = ({ names: [name] }: Field): boolean => /^(?:type_|memory\.)/.test(name);

/** Of all GPU instances, or of those with these ids. */
export const vgpusOn = (wanted?: readonly number[]): Relation => ({
  name: 'vgpus',
  record: 'an active vGPU',
  fields: vgpuDetails.flatMap((field) =>
    field === vgpuUtilization[3] ? [field, ...vgpuEngines.slice(4)] : [field],
  ),
  *find(gpu, asked) {
    const ids = yield* vgpuNumbers(gpu, 'active');
    if (ids instanceof Missing) return ids;
    const isBusy = vgpuUtilization.some((field) => asked.has(field));
    const utilizationOf = isBusy ? yield* utilizations(gpu) : () => ({});
    const running = wanted === undefined ? ids : yield* runningOn(wanted, ids);
    const types = vgpuDetails.some((field) => asked.has(field) && isOfType(field))
      ? yield* together(running.map((id) => readOne(fixed(nvmlVgpuInstanceGetType, { vgpuInstance: id }))))
      : [];
    return running.map((id, i) => ({
      values: { vgpuInstance: id, type: types[i] ?? NOT_SUPPORTED, ...utilizationOf(id) },
    }));
  },
});

export const vgpus = vgpusOn();
