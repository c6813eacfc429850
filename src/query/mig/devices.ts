/** The MIG devices of a GPU as subjects of their own. */

import type { Handle } from '../../nvml/call.js';
import { countOf } from '../../nvml/counts.js';
import {
  NVML_DEVICE_MIG_ENABLE,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetMaxMigDeviceCount,
  nvmlDeviceGetMigDeviceHandleByIndex,
} from '../../nvml/generated/entries.js';
import { isTooNew, Missing, type Status } from '../../nvml/status.js';
import { type Asking, ask, askAll } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { migMode } from '../gpu/engines.js';
import { fixed, type Probe, sample } from '../probe.js';

const migRoom = fixed(nvmlDeviceGetMaxMigDeviceCount);
const migHandle = (index: number): Probe => sample(nvmlDeviceGetMigDeviceHandleByIndex, { index });

/** A GPU without MIG, a driver before MIG. */
const isWithoutMig = (status: Status): boolean => status === NVML_ERROR_NOT_SUPPORTED || isTooNew(status);

/** How NVML says that there is no device with an index: it numbers them with gaps. */
const isGap = (status: Status): boolean =>
  status === NVML_ERROR_NOT_FOUND || status === NVML_ERROR_INVALID_ARGUMENT || isWithoutMig(status);

/**
 * The MIG devices of a GPU, whatever its mode, numbered without gaps as nvidia-smi does (driver 590); none where it has no
 * MIG.
 */
export function* migDevicesIn(gpu: Subject): Asking<readonly Subject[] | Missing> {
  const room = yield* ask(migRoom, gpu);
  const counted = countOf(nvmlDeviceGetMaxMigDeviceCount.fn, room.status, Number(room.raw('value')));
  if (!('count' in counted)) return isWithoutMig(counted.status) ? [] : room.refusal(counted.status);
  const devices: Subject[] = [];
  const places = Array.from({ length: counted.count }, (_, place) => ({
    probe: migHandle(place),
    subject: gpu,
  }));
  for (const asked of yield* askAll(places)) {
    const found = asked.read('value');
    if (!(found instanceof Missing)) {
      devices.push({ index: devices.length, handle: found as Handle, status: 0 });
    } else if (!isGap(found.status)) return asked.refusal();
  }
  return devices;
}

/** The same of a GPU that MIG divides; undefined where it is not divided. */
export function* migDevicesOf(gpu: Subject): Asking<readonly Subject[] | Missing | undefined> {
  const asked = yield* ask(migMode, gpu);
  const mode = asked.raw('currentMode');
  if (mode instanceof Missing) return isWithoutMig(mode.status) ? undefined : asked.refusal();
  return mode === NVML_DEVICE_MIG_ENABLE ? yield* migDevicesIn(gpu) : undefined;
}
