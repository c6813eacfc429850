/** Who the GPUs of a machine are, and their MIG devices. */
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { jsonReading } from '../query/cell.js';
import { gpuRow, readGpuFields } from '../query/gpu-fields.js';
import { count, type Kind, text } from '../query/kind.js';
import { computeInstanceId, gpuInstanceId, migName } from '../query/mig.js';
import { migDevicesIn } from '../query/mig-devices.js';
import { askerOf, askProbe } from '../query/read.js';
import { jsonRecord } from '../render/json.js';
import type { GpuRecord, MigDevice } from './gpus.js';

const FIELDS = ['index', 'name', 'uuid', 'pci.bus_id', 'serial'];
const ASKED = FIELDS.map((name) => ({ name, row: gpuRow(name) }));

export const gpuRecords = (session: Session, gpus: readonly Gpu[]): GpuRecord[] =>
  gpus.map((gpu) => {
    const { reasons, ...fields } = jsonRecord(ASKED, readGpuFields(session, gpu, FIELDS));
    const migs = gpu.status === 0 ? migRecords(session, gpu) : [];
    const unlisted = migs instanceof Missing ? { mig_devices: statusReason(migs.status) } : {};
    const why = { ...(reasons as object | undefined), ...unlisted };
    return {
      ...fields,
      mig_devices: migs instanceof Missing ? null : migs,
      ...(Object.keys(why).length === 0 ? {} : { reasons: why }),
    } as GpuRecord;
  });

function migRecords(session: Session, gpu: Gpu): readonly MigDevice[] | Missing {
  const migs = migDevicesIn(gpu, askerOf(session, gpu));
  if (migs instanceof Missing) return migs;
  return migs.map((mig) => {
    const number = (probe: typeof gpuInstanceId): number | null =>
      jsonValue(count, askProbe(session, probe, mig).read('value')) as number | null;
    return {
      device: mig.index,
      profile: jsonValue(text, migName(session, mig)) as string | null,
      uuid: jsonValue(text, readGpuFields(session, mig, ['uuid'])[0]) as string | null,
      gpu_instance_id: number(gpuInstanceId),
      compute_instance_id: number(computeInstanceId),
    };
  });
}

/** A value as JSON has it, null for what is absent. */
export const jsonValue = (kind: Kind, reading: Reading | undefined): ReturnType<Kind['json']> | null =>
  reading === undefined ? null : jsonReading(kind, reading).value;
