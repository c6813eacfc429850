/** The MIG devices of a GPU as subjects of their own. */
import type { Handle } from '../nvml/call.js';
import { Missing } from '../nvml/status.js';
import { migMode } from './gpu/engines.js';
import type { Subject } from './plan.js';
import type { AskProbe } from './table.js';
import { migHandle, migPlaces, migRoom } from './tables/compute-apps.js';

/** The MIG devices of a GPU, where it is divided. NVML numbers them with gaps; nvidia-smi without (driver 590). */
export function migDevicesOf(gpu: Subject, ask: AskProbe): readonly Subject[] {
  if (ask(migMode, gpu).number('current') === 0) return [];
  const room = migPlaces(ask(migRoom, gpu));
  return Array.from({ length: room }, (_, i) => ask(migHandle(i), gpu).read('value'))
    .filter((found) => !(found instanceof Missing))
    .map((found, index) => ({ index, handle: found as Handle, status: 0 }));
}
