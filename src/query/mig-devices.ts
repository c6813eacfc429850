/** The MIG devices of a GPU as subjects of their own. */
import { call, type Handle, handle, SUBJECT, u32 } from '../nvml/call.js';
import { countOf } from '../nvml/counts.js';
import {
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../nvml/generated/constants.js';
import { isTooNew, Missing, type Status } from '../nvml/status.js';
import { migMode } from './gpu/engines.js';
import type { Subject } from './plan.js';
import { fixed, type Probe, sample } from './probe.js';
import type { AskProbe } from './table.js';

const COUNT = 'nvmlDeviceGetMaxMigDeviceCount';
const migRoom = fixed('MIG room', call(COUNT, SUBJECT, u32()));
const migHandle = (index: number): Probe =>
  sample(`MIG device ${index}`, call('nvmlDeviceGetMigDeviceHandleByIndex', SUBJECT, index, handle()));

/** A GPU without MIG, a driver before MIG. */
const isWithoutMig = (status: Status): boolean => status === NVML_ERROR_NOT_SUPPORTED || isTooNew(status);

/** How NVML says that there is no device with an index: it numbers them with gaps. */
const isGap = (status: Status): boolean =>
  status === NVML_ERROR_NOT_FOUND || status === NVML_ERROR_INVALID_ARGUMENT || isWithoutMig(status);

/**
 * The MIG devices of a GPU, whatever its mode, numbered without gaps as nvidia-smi does (driver 590); none where it has no
 * MIG.
 */
export function migDevicesIn(gpu: Subject, ask: AskProbe): readonly Subject[] | Missing {
  const room = ask(migRoom, gpu);
  const counted = countOf(COUNT, room.status, Number(room.raw('value')));
  if (!('count' in counted)) return isWithoutMig(counted.status) ? [] : room.refusal(counted.status);
  const devices: Subject[] = [];
  for (let place = 0; place < counted.count; place++) {
    const asked = ask(migHandle(place), gpu);
    const found = asked.read('value');
    if (!(found instanceof Missing)) {
      devices.push({ index: devices.length, handle: found as Handle, status: 0 });
    } else if (!isGap(found.status)) return asked.refusal();
  }
  return devices;
}

/** The same of a GPU that MIG divides; undefined where it is not divided. */
export function migDevicesOf(gpu: Subject, ask: AskProbe): readonly Subject[] | Missing | undefined {
  const asked = ask(migMode, gpu);
  const mode = asked.read('current');
  if (mode === 0) return undefined;
  if (mode instanceof Missing) return isWithoutMig(mode.status) ? undefined : asked.refusal();
  return migDevicesIn(gpu, ask);
}
