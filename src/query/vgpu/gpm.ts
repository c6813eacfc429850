/** `vgpu --gpm-metrics`: performance metrics of the GPU instances that vGPUs run on. */
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { type Asking, readOne, together } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { type Field, item } from '../field.js';
import { GpmMeters } from '../gpm.js';
import { count } from '../kind.js';
import { migDevicesIn } from '../mig/devices.js';
import { computeInstanceId, gpuInstanceId } from '../mig/mig.js';
import { type GpmMetric, gpmMetrics } from '../monitor/gpm.js';
import type { Reading } from '../reading.js';
import type { Found, Records, Relation } from '../relation.js';
import { instanceOfVgpu } from './instances.js';
import { vgpuNumbers } from './vgpu.js';
import { vgpuInstance } from './vgpus.js';

interface MigPlace {
  readonly index: number;
  readonly instance: Reading;
  readonly compute: Reading;
}

function* migPlaces(gpu: Subject): Asking<readonly MigPlace[] | Missing> {
  const migs = yield* migDevicesIn(gpu);
  if (migs instanceof Missing) return migs;
  return yield* together(
    migs.map(function* (device): Asking<MigPlace> {
      const [instance, compute] = yield* together([
        readOne(gpuInstanceId, device),
        readOne(computeInstanceId, device),
      ]);
      return { index: device.index, instance: instance as Reading, compute: compute as Reading };
    }),
  );
}

const place = (name: string, help: string): Field => ({
  names: [name],
  help,
  kind: count,
  source: item(name),
});

const placeFields: readonly Field[] = [
  vgpuInstance,
  place('device', 'Index of the MIG device on its GPU.'),
  place('gpu_instance_id', 'Number of the GPU instance.'),
  place('compute_instance_id', 'Number of the compute instance.'),
];

/** With the given metrics. The first record of each vGPU has no values yet: they are of the time between two ticks. */
export const vgpuGpmOf = (metrics: readonly GpmMetric[]): Relation => ({
  name: 'vgpu_gpm',
  record: 'an active vGPU',
  fields: [...placeFields, ...metrics.map(({ field }) => field)],
  begin() {
    const meters = new GpmMeters(metrics);
    return { find: (gpu) => vgpusOn(gpu, meters), end: () => meters.end() };
  },
});

/** What its JSON has: all metrics. */
export const vgpuGpmRecord = vgpuGpmOf(gpmMetrics);

function* vgpusOn(gpu: Subject, meters: GpmMeters): Asking<Records> {
  const devices = yield* migPlaces(gpu);
  const vgpus = yield* vgpuNumbers(gpu, 'active');
  if (vgpus instanceof Missing) return vgpus;
  const instances = yield* together(vgpus.map(instanceOfVgpu));
  // vGPUs that share an instance share its metrics.
  const ids = [...new Set(instances.flatMap((id) => (id instanceof Missing ? [] : [Number(id)])))];
  const measured = gpu.handle === undefined ? [] : yield* meters.take(gpu, ids);
  return vgpus.map((vgpu, i): Found => {
    const instance = instances[i] as Reading;
    const device = devices instanceof Missing ? devices : devices.find((one) => one.instance === instance);
    const [index, compute] = device instanceof Missing ? [device, device] : [device?.index, device?.compute];
    return {
      values: {
        ...NO_METRICS,
        ...(instance instanceof Missing ? {} : measured[ids.indexOf(Number(instance))]),
        vgpuInstance: vgpu,
        device: index ?? NOT_SUPPORTED,
        gpu_instance_id: instance,
        compute_instance_id: compute ?? NOT_SUPPORTED,
      },
    };
  });
}

const NO_METRICS = Object.fromEntries(gpmMetrics.map(({ name }) => [name, NOT_SUPPORTED]));
