/** Table: the types of vGPU that a GPU supports, or has room for. Labels and order are those of the vGPU software's guide. */

import type { Entry } from '../../nvml/entry.js';
import {
  nvmlVgpuTypeGetClass,
  nvmlVgpuTypeGetDeviceID,
  nvmlVgpuTypeGetFramebufferSize,
  nvmlVgpuTypeGetFrameRateLimit,
  nvmlVgpuTypeGetGpuInstanceProfileId,
  nvmlVgpuTypeGetLicense,
  nvmlVgpuTypeGetMaxInstances,
  nvmlVgpuTypeGetMaxInstancesPerVm,
  nvmlVgpuTypeGetName,
  nvmlVgpuTypeGetNumDisplayHeads,
  nvmlVgpuTypeGetResolution,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, want } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { asks, type Field, item } from '../field.js';
import { count, type Kind, mebibytes, text } from '../kind.js';
import { fixed, type Probe, sample } from '../probe.js';
import type { Pick } from '../reading.js';
import type { Relation } from '../relation.js';
import { creatableOn, gpuInstance } from './instances.js';
import { vgpuNumbers } from './vgpu.js';
import { framesPerSecond } from './vgpus.js';

/** Small hexadecimal digits, as many as there are. */
const smallHex: Kind = {
  spell: (value) => `0x${value.toString(16)}`,
  json: (value) => `0x${value.toString(16)}`,
};

/** The number of a type: hexadecimal in text. */
const typeNumber: Kind = { ...smallHex, json: count.json };

const row = (
  name: string,
  label: string,
  kind: Kind,
  [probe, pick = 'value']: readonly [probe: (vgpuTypeId: number) => Probe, pick?: Pick],
  help: string,
): Field => ({
  names: [name],
  label,
  help,
  kind,
  source: asks(({ type }) => want(probe(Number(type)), pick)),
});

const about = (entry: Entry) => (vgpuTypeId: number) => sample(entry, { vgpuTypeId });
const resolution = (vgpuTypeId: number): Probe =>
  sample(nvmlVgpuTypeGetResolution, { vgpuTypeId, displayIndex: 0 });

export const typeId: Field = {
  names: ['type_id'],
  label: 'vGPU Type ID',
  help: 'Number of the type.',
  kind: typeNumber,
  source: item('type'),
};

export const nameOfType = row(
  'type_name',
  'Name',
  text,
  [(vgpuTypeId) => fixed(nvmlVgpuTypeGetName, { vgpuTypeId }), ''],
  'Name of the type.',
);

export const typeDetails: readonly Field[] = [
  typeId,
  nameOfType,
  row('class', 'Class', text, [about(nvmlVgpuTypeGetClass), ''], 'Class of the type: NVS, Quadro, Compute.'),
  row(
    'gpu_instance_profile_id',
    'GPU Instance Profile ID',
    count,
    [about(nvmlVgpuTypeGetGpuInstanceProfileId)],
    'GPU instance profile that the type needs.',
  ),
  row(
    'max_instances',
    'Max Instances',
    count,
    [about(nvmlVgpuTypeGetMaxInstances)],
    'Maximum number of vGPUs of this type on the GPU.',
  ),
  row(
    'max_instances_per_vm',
    'Max Instances Per VM',
    count,
    [about(nvmlVgpuTypeGetMaxInstancesPerVm)],
    'Maximum number of vGPUs of this type in a virtual machine.',
  ),
  row(
    'device_id',
    'Device ID',
    smallHex,
    [about(nvmlVgpuTypeGetDeviceID), 'deviceID'],
    'PCI device id, hexadecimal.',
  ),
  row(
    'subsystem_id',
    'Sub System ID',
    smallHex,
    [about(nvmlVgpuTypeGetDeviceID), 'subsystemID'],
    'PCI subsystem id, hexadecimal.',
  ),
  row('memory.total', 'FB Memory', mebibytes, [about(nvmlVgpuTypeGetFramebufferSize)], 'Memory of a vGPU.'),
  row(
    'display_heads',
    'Display Heads',
    count,
    [about(nvmlVgpuTypeGetNumDisplayHeads)],
    'Number of displays.',
  ),
  row(
    'max_x_resolution',
    'Maximum X Resolution',
    count,
    [resolution, 'xdim'],
    'Maximum horizontal resolution in pixels.',
  ),
  row(
    'max_y_resolution',
    'Maximum Y Resolution',
    count,
    [resolution, 'ydim'],
    'Maximum vertical resolution in pixels.',
  ),
  row(
    'frame_rate_limit',
    'Frame Rate Limit',
    framesPerSecond,
    [about(nvmlVgpuTypeGetFrameRateLimit)],
    'Maximum frame rate.',
  ),
  row(
    'license',
    'GRID License',
    text,
    [about(nvmlVgpuTypeGetLicense), ''],
    'Licenses that the type requires.',
  ),
];

const listOf = (
  name: string,
  record: string,
  types: (gpu: Subject) => Asking<readonly number[] | Missing>,
): Relation => ({
  name,
  record,
  fields: typeDetails,
  *find(gpu) {
    const found = yield* types(gpu);
    return found instanceof Missing ? found : found.map((type) => ({ values: { type } }));
  },
});

export const supportedTypes = listOf('vgpu_supported_types', 'a vGPU type that the GPU supports', (gpu) =>
  vgpuNumbers(gpu, 'supported'),
);

/** The types that one of these GPU instances has room for. */
function* creatableOnAny(gpu: Subject, wanted: readonly number[]): Asking<readonly number[] | Missing> {
  const found = new Set<number>();
  for (const id of wanted) {
    const types = yield* creatableOn(yield* gpuInstance(gpu, id));
    if (types instanceof Missing) return types;
    for (const type of types) found.add(type);
  }
  return [...found];
}

/** On the GPU as a whole, or on GPU instances. */
export const creatableTypesOn = (wanted?: readonly number[]): Relation =>
  listOf('vgpu_creatable_types', 'a vGPU type that can be created on the GPU', (gpu) =>
    wanted === undefined ? vgpuNumbers(gpu, 'creatable') : creatableOnAny(gpu, wanted),
  );

export const creatableTypes = creatableTypesOn();
