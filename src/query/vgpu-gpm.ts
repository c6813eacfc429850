/** `vgpu --gpm-metrics`: performance metrics of the GPU instances that vGPUs run on. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, readOne, together } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { type Field, item } from './field.js';
import { GpmMeter } from './gpm-meter.js';
import { count, type Kind } from './kind.js';
import { computeInstanceId, gpuInstanceId } from './mig.js';
import { migDevicesIn } from './mig-devices.js';
import { type GpmMetric, gpmMetrics } from './monitor/gpm.js';
import type { Reading } from './reading.js';
import type { Found, Records, Relation } from './relation.js';
import { vgpuNumbers } from './vgpu.js';
import { instanceOfVgpu } from './vgpu-instances.js';
import { vgpuInstance } from './vgpus.js';

/** Whole numbers in text, as the vGPU software's guide shows them; two decimals in JSON. */
const measured: Kind = {
  spell: (value) => String(Math.trunc(Number(value))),
  json: (value) => Math.floor(Number(value) * 100) / 100,
};

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

const fieldsOf = (metrics: readonly GpmMetric[]): readonly Field[] => [
  vgpuInstance,
  place('device', 'Index of the MIG device on its GPU.'),
  place('gpu_instance_id', 'Number of the GPU instance.'),
  place('compute_instance_id', 'Number of the compute instance.'),
  ...metrics.map(({ field }) => ({ ...field, kind: measured })),
];

/** What its JSON has: all metrics. */
export const vgpuGpmRecord: Relation = {
  name: 'vgpu_gpm',
  record: 'an active vGPU',
  fields: fieldsOf(gpmMetrics),
};

/** The meters of all vGPUs' GPU instances, from one tick to the next. */
export class VgpuGpm {
  private readonly meters = new Map<string, GpmMeter>();
  readonly relation: Relation;

  constructor(private readonly metrics: readonly GpmMetric[]) {
    this.relation = { ...vgpuGpmRecord, fields: fieldsOf(metrics), find: (gpu) => this.find(gpu) };
  }

  /** A record of every running vGPU; from the second tick on with values. */
  private *find(gpu: Subject): Asking<Records> {
    const devices = yield* migPlaces(gpu);
    const taken = new Set<GpmMeter>();
    const vgpus = yield* vgpuNumbers(gpu, 'active');
    if (vgpus instanceof Missing) return vgpus;
    const instances = yield* together(vgpus.map(instanceOfVgpu));
    const records: Found[] = [];
    for (const [i, vgpu] of vgpus.entries()) {
      const instance = instances[i] as Reading;
      const device = devices instanceof Missing ? devices : devices.find((one) => one.instance === instance);
      const meter = instance instanceof Missing ? undefined : this.meterOf(gpu, Number(instance));
      // vGPUs that share an instance share its meter.
      if (meter !== undefined && !taken.has(meter)) yield* meter.take();
      if (meter !== undefined) taken.add(meter);
      const [index, compute] =
        device instanceof Missing ? [device, device] : [device?.index, device?.compute];
      const measures = this.metrics.map(({ name }, at) => [name, meter?.read(at) ?? NOT_SUPPORTED] as const);
      records.push({
        values: {
          vgpuInstance: vgpu,
          device: index ?? NOT_SUPPORTED,
          gpu_instance_id: instance,
          compute_instance_id: compute ?? NOT_SUPPORTED,
          ...Object.fromEntries(measures),
        },
      });
    }
    return records;
  }

  /** Gives back what NVML lent. */
  *close(): Asking<void> {
    yield* together([...this.meters.values()].map((meter) => meter.close()));
    this.meters.clear();
  }

  private meterOf(gpu: Subject, instance: number): GpmMeter | undefined {
    if (gpu.handle === undefined) return undefined;
    const key = `${gpu.index}/${instance}`;
    let meter = this.meters.get(key);
    if (meter === undefined) {
      const ids = this.metrics.map(({ id }) => id);
      meter = new GpmMeter(gpu, ids, instance);
      this.meters.set(key, meter);
    }
    return meter;
  }
}
