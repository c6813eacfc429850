/** The MIG devices of a GPU as subjects of their own. */

import type { Handle } from '../nvml/call.js';
import { believable } from '../nvml/counts.js';
import {
  nvmlDeviceGetMaxMigDeviceCount,
  nvmlDeviceGetMigDeviceHandleByIndex,
} from '../nvml/generated/entries.js';
import { Missing } from '../nvml/status.js';
import { migMode } from './gpu/engines.js';
import type { Subject } from './plan.js';
import { fixed, type Probe, sample } from './probe.js';
import type { AskProbe } from './table.js';

const migRoom = fixed(nvmlDeviceGetMaxMigDeviceCount);
const migHandle = (index: number): Probe => sample(nvmlDeviceGetMigDeviceHandleByIndex, { index });

/**
 * The MIG devices of a GPU; undefined where it is not divided. NVML numbers them with gaps, nvidia-smi without (driver
 * 590).
 */
export function migDevicesOf(gpu: Subject, ask: AskProbe): readonly Subject[] | undefined {
  if (ask(migMode, gpu).number('currentMode') === 0) return undefined;
  const room = believable('nvmlDeviceGetMaxMigDeviceCount', ask(migRoom, gpu).number('value'));
  return Array.from({ length: room }, (_, i) => ask(migHandle(i), gpu).read('value'))
    .filter((found) => !(found instanceof Missing))
    .map((found, index) => ({ index, handle: found as Handle, status: 0 }));
}
