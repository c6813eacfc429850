/** Table: the lines of `vgpu -q`, `-s -v` and `-c -v`, and the call behind each. */

import * as nvml from '../nvml/generated/constants.js';
import {
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
  nvmlVgpuInstanceGetUUID,
  nvmlVgpuInstanceGetVmDriverVersion,
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
} from '../nvml/generated/entries.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, readOne, together } from './ask/asking.js';
import { type Subject, SYSTEM } from './ask/subject.js';
import { type Cell, type Cells, cell } from './cell.js';
import { gpuField } from './gpu-fields.js';
import { count, enabled, type Kind, mebibytes, number, percent, text } from './kind.js';
import { fixed, type Probe, sample } from './probe.js';
import type { AnswerView, Pick, Reading } from './reading.js';
import { type VgpuUtilization, vgpuIdentity } from './vgpu.js';

const framesPerSecond = number('FPS');
/** Small hexadecimal digits, as many as there are. */
const smallHex: Kind = {
  spell: (value) => `0x${value.toString(16)}`,
  json: (value) => `0x${value.toString(16)}`,
};

/** The number of a type: hexadecimal in text. */
const typeNumber: Kind = { ...smallHex, json: count.json };

/** A value with its JSON name and its label in text; a label alone heads a group. */
export interface VgpuField {
  readonly name: string;
  readonly label: string;
  readonly depth: number;
  readonly value: Cell;
}

export interface VgpuHeading {
  readonly label: string;
  readonly depth: number;
}

export type VgpuLine = VgpuField | VgpuHeading;

const isField = (line: VgpuLine): line is VgpuField => 'value' in line;

/** The fields of a list of lines as cells. */
export const cellsOf = (lines: readonly VgpuLine[]): Cells =>
  Object.fromEntries(lines.filter(isField).map(({ name, value }) => [name, value]));

/** How to read one line about a vGPU or a type: from which call, what in it. */
interface LineSpec {
  readonly name: string;
  readonly label: string;
  readonly depth: number;
  readonly kind: Kind;
  readonly probe: Probe;
  readonly pick: Pick;
}

function* readLine({ name, label, depth, kind, probe, pick }: LineSpec, of: Subject): Asking<VgpuField> {
  return lineAt(depth, name, label, kind, yield* readOne(probe, of, pick));
}

const typeSpec = (name: string, label: string, kind: Kind, probe: Probe, pick: Pick = 'value'): LineSpec => ({
  name,
  label,
  depth: 2,
  kind,
  probe,
  pick,
});

/** `-s -v` and `-c -v`, in the order of the vGPU software's guide. */
export function* vgpuTypeLines(gpu: Subject, type: number): Asking<readonly VgpuLine[]> {
  const ofType = { vgpuTypeId: type };
  const resolution = sample(nvmlVgpuTypeGetResolution, { ...ofType, displayIndex: 0 });
  const specs: readonly LineSpec[] = [
    typeSpec('type_name', 'Name', text, sample(nvmlVgpuTypeGetName, ofType), ''),
    typeSpec('class', 'Class', text, sample(nvmlVgpuTypeGetClass, ofType), ''),
    typeSpec(
      'gpu_instance_profile_id',
      'GPU Instance Profile ID',
      count,
      sample(nvmlVgpuTypeGetGpuInstanceProfileId, ofType),
    ),
    typeSpec('max_instances', 'Max Instances', count, sample(nvmlVgpuTypeGetMaxInstances, ofType)),
    typeSpec(
      'max_instances_per_vm',
      'Max Instances Per VM',
      count,
      sample(nvmlVgpuTypeGetMaxInstancesPerVm, ofType),
    ),
    typeSpec('device_id', 'Device ID', smallHex, sample(nvmlVgpuTypeGetDeviceID, ofType), 'deviceID'),
    typeSpec(
      'subsystem_id',
      'Sub System ID',
      smallHex,
      sample(nvmlVgpuTypeGetDeviceID, ofType),
      'subsystemID',
    ),
    typeSpec('memory.total', 'FB Memory', mebibytes, sample(nvmlVgpuTypeGetFramebufferSize, ofType)),
    typeSpec('display_heads', 'Display Heads', count, sample(nvmlVgpuTypeGetNumDisplayHeads, ofType)),
    typeSpec('max_x_resolution', 'Maximum X Resolution', count, resolution, 'xdim'),
    typeSpec('max_y_resolution', 'Maximum Y Resolution', count, resolution, 'ydim'),
    typeSpec(
      'frame_rate_limit',
      'Frame Rate Limit',
      framesPerSecond,
      sample(nvmlVgpuTypeGetFrameRateLimit, ofType),
    ),
    typeSpec('license', 'GRID License', text, sample(nvmlVgpuTypeGetLicense, ofType), ''),
  ];
  const id: VgpuField = { name: 'type_id', label: 'vGPU Type ID', depth: 1, value: cell(typeNumber, type) };
  return [id, ...(yield* together(specs.map((spec) => readLine(spec, gpu))))];
}

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

const placementText = (view: AnswerView): Reading => {
  const id = view.read('placementId');
  return id === nvml.NVML_INVALID_VGPU_PLACEMENT_ID ? NOT_SUPPORTED : id;
};

export const lineAt = (
  depth: number,
  name: string,
  label: string,
  kind: Kind,
  reading: Reading,
): VgpuField => ({
  name,
  label,
  depth,
  value: cell(kind, reading),
});

/**
 * `-q` about one running vGPU. Order and labels: drivers 525 and 580.105.08; the latter's first lines up to the
 * utilization were seen, the rest follows 525.
 */
export function* vgpuLines(
  gpu: Subject,
  vgpu: number,
  utilization: VgpuUtilization,
): Asking<readonly VgpuLine[]> {
  const { vmId, isUuid, type, typeName } = yield* vgpuIdentity(vgpu);
  const read = (
    depth: number,
    name: string,
    label: string,
    kind: Kind,
    probe: Probe,
    pick: Pick = 'value',
  ): Asking<VgpuField> => readLine({ name, label, depth, kind, probe, pick }, SYSTEM);
  const ofVgpu = { vgpuInstance: vgpu };
  const total =
    type instanceof Missing
      ? type
      : yield* readOne(fixed(nvmlVgpuTypeGetFramebufferSize, { vgpuTypeId: Number(type) }));
  const used = yield* readOne(sample(nvmlVgpuInstanceGetFbUsage, ofVgpu));
  const free =
    total instanceof Missing || used instanceof Missing ? NOT_SUPPORTED : Number(total) - Number(used);
  const accountingBuffer = yield* gpuField('accounting.buffer_size', gpu);
  const encoder = sample(nvmlVgpuInstanceGetEncoderStats, ofVgpu);
  const fbc = sample(nvmlVgpuInstanceGetFBCStats, ofVgpu);
  return [
    lineAt(1, 'vgpu_instance', 'vGPU ID', count, vgpu),
    lineAt(2, 'vm_id', isUuid ? 'VM UUID' : 'VM ID', text, vmId),
    lineAt(2, 'vm_name', 'VM Name', text, NOT_SUPPORTED),
    lineAt(2, 'type_name', 'vGPU Name', text, typeName),
    lineAt(2, 'type_id', 'vGPU Type', count, type),
    yield* read(2, 'uuid', 'vGPU UUID', text, sample(nvmlVgpuInstanceGetUUID, ofVgpu), ''),
    ...[
      yield* read(2, 'mdev_uuid', 'MDEV UUID', text, sample(nvmlVgpuInstanceGetMdevUUID, ofVgpu), ''),
    ].filter(({ value }) => !(value.reading instanceof Missing)),
    yield* read(
      2,
      'guest_driver_version',
      'Guest Driver Version',
      text,
      sample(nvmlVgpuInstanceGetVmDriverVersion, ofVgpu),
      '',
    ),
    yield* read(
      2,
      'license_status',
      'License Status',
      text,
      sample(nvmlVgpuInstanceGetLicenseInfo_v2, ofVgpu),
      licenseText,
    ),
    yield* read(
      2,
      'gpu_instance_id',
      'GPU Instance ID',
      count,
      sample(nvmlVgpuInstanceGetGpuInstanceId, ofVgpu),
    ),
    yield* read(
      2,
      'placement_id',
      'Placement ID',
      count,
      sample(nvmlVgpuInstanceGetPlacementId, ofVgpu),
      placementText,
    ),
    yield* read(
      2,
      'accounting.mode',
      'Accounting Mode',
      enabled,
      sample(nvmlVgpuInstanceGetAccountingMode, ofVgpu),
    ),
    yield* read(2, 'ecc.mode.current', 'ECC Mode', enabled, sample(nvmlVgpuInstanceGetEccMode, ofVgpu)),
    lineAt(2, 'accounting.buffer_size', 'Accounting Buffer Size', count, accountingBuffer),
    yield* read(
      2,
      'frame_rate_limit',
      'Frame Rate Limit',
      framesPerSecond,
      sample(nvmlVgpuInstanceGetFrameRateLimit, ofVgpu),
    ),
    { depth: 2, label: 'PCI' },
    yield* read(3, 'pci.bus_id', 'Bus Id', text, sample(nvmlVgpuInstanceGetGpuPciId, ofVgpu), ''),
    { depth: 2, label: 'FB Memory Usage' },
    lineAt(3, 'memory.total', 'Total', mebibytes, total),
    lineAt(3, 'memory.used', 'Used', mebibytes, used),
    lineAt(3, 'memory.free', 'Free', mebibytes, free),
    { depth: 2, label: 'Utilization' },
    lineAt(3, 'utilization.gpu', 'GPU', percent, utilization.sm),
    lineAt(3, 'utilization.memory', 'Memory', percent, utilization.memory),
    lineAt(3, 'utilization.encoder', 'Encoder', percent, utilization.encoder),
    lineAt(3, 'utilization.decoder', 'Decoder', percent, utilization.decoder),
    { depth: 2, label: 'Encoder Stats' },
    yield* read(3, 'encoder.stats.sessionCount', 'Active Sessions', count, encoder, 'sessionCount'),
    yield* read(3, 'encoder.stats.averageFps', 'Average FPS', count, encoder, 'averageFps'),
    yield* read(3, 'encoder.stats.averageLatency', 'Average Latency', count, encoder, 'averageLatency'),
    { depth: 2, label: 'FBC Stats' },
    yield* read(3, 'fbc.stats.sessionCount', 'Active Sessions', count, fbc, 'sessionsCount'),
    yield* read(3, 'fbc.stats.averageFps', 'Average FPS', count, fbc, 'averageFPS'),
    yield* read(3, 'fbc.stats.averageLatency', 'Average Latency', count, fbc, 'averageLatency'),
  ];
}
