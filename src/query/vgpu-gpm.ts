/** `vgpu --gpm-metrics`: performance metrics of the GPU instances that vGPUs run on. */
import type { Gpu } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, readOne, together } from './ask/asking.js';
import { type Cells, cell } from './cell.js';
import { GpmMeter } from './gpm-meter.js';
import { count, type Kind } from './kind.js';
import { computeInstanceId, gpuInstanceId } from './mig.js';
import { migDevicesIn } from './mig-devices.js';
import type { GpmMetric } from './monitor/gpm.js';
import type { Reading } from './reading.js';
import { vgpuNumbers } from './vgpu.js';
import { instanceOfVgpu } from './vgpu-instances.js';

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

function* migPlaces(gpu: Gpu): Asking<readonly MigPlace[] | Missing> {
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

/** The meters of all vGPUs' GPU instances, from one tick to the next. */
export class VgpuGpm {
  private readonly meters = new Map<string, GpmMeter>();

  constructor(private readonly metrics: readonly GpmMetric[]) {}

  /** A record of every running vGPU; from the second tick on with values. */
  *records(gpu: Gpu): Asking<readonly Cells[]> {
    const devices = yield* migPlaces(gpu);
    const taken = new Set<GpmMeter>();
    const vgpus = yield* vgpuNumbers(gpu, 'active');
    if (vgpus instanceof Missing) return [this.record(vgpus, vgpus, vgpus, vgpus, () => vgpus)];
    const instances = yield* together(vgpus.map(instanceOfVgpu));
    const records: Cells[] = [];
    for (const [i, vgpu] of vgpus.entries()) {
      const instance = instances[i] as Reading;
      const device = devices instanceof Missing ? devices : devices.find((one) => one.instance === instance);
      const meter = instance instanceof Missing ? undefined : this.meterOf(gpu, Number(instance));
      // vGPUs that share an instance share its meter.
      if (meter !== undefined && !taken.has(meter)) yield* meter.take();
      if (meter !== undefined) taken.add(meter);
      const [index, compute] =
        device instanceof Missing ? [device, device] : [device?.index, device?.compute];
      records.push(
        this.record(
          vgpu,
          index ?? NOT_SUPPORTED,
          instance,
          compute ?? NOT_SUPPORTED,
          (metric) => meter?.read(metric) ?? NOT_SUPPORTED,
        ),
      );
    }
    return records;
  }

  private record(
    vgpu: Reading,
    index: Reading,
    instance: Reading,
    compute: Reading,
    metric: (i: number) => Reading,
  ): Cells {
    return {
      vgpu_instance: cell(count, vgpu),
      device: cell(count, index),
      gpu_instance_id: cell(count, instance),
      compute_instance_id: cell(count, compute),
      ...Object.fromEntries(this.metrics.map(({ name }, i) => [name, cell(measured, metric(i))])),
    };
  }

  /** Gives back what NVML lent. */
  *close(): Asking<void> {
    yield* together([...this.meters.values()].map((meter) => meter.close()));
    this.meters.clear();
  }

  private meterOf(gpu: Gpu, instance: number): GpmMeter | undefined {
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
