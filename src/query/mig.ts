/** MIG devices: who they are and what they share. */
import { call, SUBJECT, struct, u32 } from '../nvml/call.js';
import { nvmlDeviceAttributes_t } from '../nvml/generated/layouts.js';
import type { Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Reading } from './bound-probe.js';
import { derived } from './derive.js';
import { readGpuFields } from './gpu-fields.js';
import type { Subject } from './plan.js';
import { fixed } from './probe.js';
import { askProbe } from './read.js';

export const migAttributes = fixed(
  'MIG attributes',
  call('nvmlDeviceGetAttributes_v2', SUBJECT, struct(nvmlDeviceAttributes_t)),
);
export const gpuInstanceId = fixed('GPU instance id', call('nvmlDeviceGetGpuInstanceId', SUBJECT, u32()));
export const computeInstanceId = fixed(
  'compute instance id',
  call('nvmlDeviceGetComputeInstanceId', SUBJECT, u32()),
);

/** The profile in a MIG device's name: `NVIDIA H100 80GB HBM3 MIG 3g.40gb` → `MIG 3g.40gb`. */
export function migName(session: Session, mig: Subject): Reading {
  const [name] = readGpuFields(session, mig, ['name']);
  const text = name instanceof Missing ? '' : String(name);
  const profile = /MIG \S+$/.exec(text)?.[0];
  return profile ?? migNameOfAttributes(session, mig);
}

/** Drivers that name a MIG device after its GPU leave the slices to be counted. */
function migNameOfAttributes(session: Session, mig: Subject): Reading {
  const slices = ['gpuInstanceSliceCount', 'computeInstanceSliceCount', 'memorySizeMB'];
  const attributes = askProbe(session, migAttributes, mig);
  return attributes.pick(
    derived(slices, (gpu, compute, mebibytes) => {
      const share = compute === gpu ? '' : `${compute}c.`;
      return `MIG ${share}${gpu}g.${Math.round(mebibytes / 1024)}gb`;
    }),
  )();
}
