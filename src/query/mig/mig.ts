/** MIG devices of a GPU: who they are, and what they have of it. */

import {
  nvmlDeviceGetAttributes_v2,
  nvmlDeviceGetComputeInstanceId,
  nvmlDeviceGetGpuInstanceId,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, ask, together } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { derived } from '../derive.js';
import { type Field, from, item } from '../field.js';
import { unlisted } from '../gpu/unlisted.js';
import { gpuFields, gpuRow } from '../gpu-fields.js';
import { count, text } from '../kind.js';
import { fixed } from '../probe.js';
import type { Reading } from '../reading.js';
import type { Found, Records, Relation } from '../relation.js';
import { migDevicesIn } from './devices.js';

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

const bar1 = (name: string): Field => {
  const row = unlisted.find(({ names }) => names[0] === name);
  if (row === undefined) throw new Error(`no field ${name}`);
  return row;
};

const attribute = (name: string, path: string, help: string): Field => ({
  names: [name],
  help,
  kind: count,
  source: from(migAttributes, path),
});

const device: Field = {
  names: ['device'],
  help: 'Index of the MIG device on its GPU.',
  kind: count,
  source: item('device'),
};

/** What it has of the GPU. It takes questions of its own, so it is found where it is asked for. */
export const profile: Field = {
  names: ['profile'],
  help: 'Profile name in NVML: MIG 2c.3g.20gb.',
  kind: text,
  source: item('profile'),
};

const instances: readonly Field[] = [
  {
    names: ['gpu_instance_id'],
    help: 'Number of the GPU instance.',
    kind: count,
    source: from(gpuInstanceId, 'value'),
  },
  {
    names: ['compute_instance_id'],
    help: 'Number of the compute instance in its GPU instance.',
    kind: count,
    source: from(computeInstanceId, 'value'),
  },
];

const uuid: Field = { ...gpuRow('uuid'), help: 'UUID of the MIG device.' };

/** What the summary shows of a MIG device. */
export const migMeasures: readonly Field[] = [
  gpuRow('memory.used'),
  gpuRow('memory.total'),
  gpuRow('ecc.errors.uncorrected.volatile.total'),
  bar1('bar1.used'),
  bar1('bar1.total'),
  attribute('multiprocessors', 'multiprocessorCount', 'Number of SMs.'),
  attribute('copy_engines', 'sharedCopyEngineCount', 'Number of copy engines.'),
  attribute('encoders', 'sharedEncoderCount', 'Number of video encoders.'),
  attribute('decoders', 'sharedDecoderCount', 'Number of video decoders.'),
  attribute('ofas', 'sharedOfaCount', 'Number of optical flow engines.'),
  attribute('jpegs', 'sharedJpegCount', 'Number of JPEG decoders.'),
];

/** Who a MIG device is. */
export const migIdentity: readonly Field[] = [device, ...instances, uuid];

function* find(gpu: Subject, asked: ReadonlySet<Field>): Asking<Records> {
  const devices = yield* migDevicesIn(gpu);
  if (devices instanceof Missing) return devices;
  const profiles = asked.has(profile) ? yield* together(devices.map(migName)) : [];
  return devices.map(
    (about, i): Found => ({
      about,
      values: { device: about.index, ...(profiles.length === 0 ? {} : { profile: profiles[i] as Reading }) },
    }),
  );
}

export const migDevices: Relation = {
  name: 'mig_devices',
  record: 'a MIG device of a GPU',
  fields: [...migIdentity, profile, ...migMeasures],
  find,
};
