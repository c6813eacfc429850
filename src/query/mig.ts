/** MIG devices: who they are and what they share. */

import {
  nvmlDeviceGetAttributes_v2,
  nvmlDeviceGetComputeInstanceId,
  nvmlDeviceGetGpuInstanceId,
} from '../nvml/generated/entries.js';
import { Missing } from '../nvml/status.js';
import { type Asking, ask } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { derived } from './derive.js';
import { gpuFields } from './gpu-fields.js';
import { fixed } from './probe.js';
import type { Reading } from './reading.js';

export const migAttributes = fixed(nvmlDeviceGetAttributes_v2);
export const gpuInstanceId = fixed(nvmlDeviceGetGpuInstanceId);
export const computeInstanceId = fixed(nvmlDeviceGetComputeInstanceId);

/** The profile in a MIG device's name: `NVIDIA H100 80GB HBM3 MIG 3g.40gb` → `MIG 3g.40gb`. */
export function* migName(mig: Subject): Asking<Reading> {
  const [name] = yield* gpuFields(['name'], mig);
  const profile = name instanceof Missing ? undefined : /MIG \S+$/.exec(String(name))?.[0];
  return profile ?? (yield* migNameOfAttributes(mig));
}

/** Drivers that name a MIG device after its GPU leave the slices to be counted. */
function* migNameOfAttributes(mig: Subject): Asking<Reading> {
  const slices = ['gpuInstanceSliceCount', 'computeInstanceSliceCount', 'memorySizeMB'];
  const attributes = yield* ask(migAttributes, mig);
  return attributes.pick(
    derived(slices, (gpu, compute, mebibytes) => {
      const share = compute === gpu ? '' : `${compute}c.`;
      return `MIG ${share}${gpu}g.${Math.round(mebibytes / 1024)}gb`;
    }),
  )();
}
