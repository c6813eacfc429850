/** Who the GPUs of a machine are, and their MIG devices. */

import { jsonRecord } from '../format/json.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import { type Asking, read, together, want } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import { jsonReading } from '../query/cell.js';
import { gpuField, gpuFields, gpuRow } from '../query/gpu-fields.js';
import { count, type Kind, text } from '../query/kind.js';
import { migDevicesIn } from '../query/mig/devices.js';
import { computeInstanceId, gpuInstanceId, migName } from '../query/mig/mig.js';
import type { Reading } from '../query/reading.js';
import type { GpuRecord, MigDevice } from './gpus.js';

const FIELDS = ['index', 'name', 'uuid', 'pci.bus_id', 'serial'];
const ASKED = FIELDS.map((name) => ({ name, field: gpuRow(name) }));

export const gpuRecords = (gpus: readonly Gpu[]): Asking<readonly GpuRecord[]> =>
  together(gpus.map(gpuRecord));

function* gpuRecord(gpu: Gpu): Asking<GpuRecord> {
  const { reasons, ...fields } = jsonRecord(ASKED, yield* gpuFields(FIELDS, gpu));
  const migs = gpu.status === 0 ? yield* migRecords(gpu) : [];
  const unlisted = migs instanceof Missing ? { mig_devices: statusReason(migs.status) } : {};
  const why = { ...(reasons as object | undefined), ...unlisted };
  return {
    ...fields,
    mig_devices: migs instanceof Missing ? null : migs,
    ...(Object.keys(why).length === 0 ? {} : { reasons: why }),
  } as GpuRecord;
}

function* migRecords(gpu: Gpu): Asking<readonly MigDevice[] | Missing> {
  const migs = yield* migDevicesIn(gpu);
  return migs instanceof Missing ? migs : yield* together(migs.map(migRecord));
}

function* migRecord(mig: Subject): Asking<MigDevice> {
  const [gpuInstance, computeInstance] = yield* read([want(gpuInstanceId), want(computeInstanceId)], mig);
  return {
    device: mig.index,
    profile: jsonValue(text, yield* migName(mig)) as string | null,
    uuid: jsonValue(text, yield* gpuField('uuid', mig)) as string | null,
    gpu_instance_id: jsonValue(count, gpuInstance) as number | null,
    compute_instance_id: jsonValue(count, computeInstance) as number | null,
  };
}

/** A value as JSON has it, null for what is absent. */
export const jsonValue = (kind: Kind, reading: Reading | undefined): ReturnType<Kind['json']> | null =>
  reading === undefined ? null : jsonReading(kind, reading).value;
