/** MIG devices: who they are and what they share. */

import {
  nvmlDeviceGetAttributes_v2,
  nvmlDeviceGetComputeInstanceId,
  nvmlDeviceGetGpuInstanceId,
} from '../nvml/generated/entries.js';
import type { Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { readGpuFields } from './gpu-fields.js';
import type { Subject } from './plan.js';
import { fixed } from './probe.js';
import { askProbe } from './read.js';

export const migAttributes = fixed(nvmlDeviceGetAttributes_v2);
export const gpuInstanceId = fixed(nvmlDeviceGetGpuInstanceId);
export const computeInstanceId = fixed(nvmlDeviceGetComputeInstanceId);

/** The profile in a MIG device's name: `NVIDIA H100 80GB HBM3 MIG 3g.40gb` → `MIG 3g.40gb`. */
export function migName(session: Session, mig: Subject): string {
  const [name] = readGpuFields(session, mig, ['name']);
  const text = name instanceof Missing ? '' : String(name);
  const profile = /MIG \S+$/.exec(text)?.[0];
  return profile ?? migNameOfAttributes(session, mig);
}

/** Drivers that name a MIG device after its GPU leave the slices to be counted. */
function migNameOfAttributes(session: Session, mig: Subject): string {
  const attributes = askProbe(session, migAttributes, mig);
  const gpuSlices = attributes.number('gpuInstanceSliceCount');
  const computeSlices = attributes.number('computeInstanceSliceCount');
  const gigabytes = Math.round(attributes.number('memorySizeMB') / 1024);
  const share = computeSlices === gpuSlices ? '' : `${computeSlices}c.`;
  return `MIG ${share}${gpuSlices}g.${gigabytes}gb`;
}
