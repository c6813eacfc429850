/** `vgpu --gpm-metrics`: performance metrics of the GPU instances that vGPUs run on. */
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Cells, cell } from './cell.js';
import { GpmMeter } from './gpm-meter.js';
import { count, type Kind } from './kind.js';
import { computeInstanceId, gpuInstanceId } from './mig.js';
import { migDevicesIn } from './mig-devices.js';
import type { GpmMetric } from './monitor/gpm.js';
import { askProbe, runOn } from './read.js';
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

function migPlaces(session: Session, gpu: Gpu): readonly MigPlace[] | Missing {
  const migs = runOn(session, migDevicesIn(gpu));
  if (migs instanceof Missing) return migs;
  return migs.map((device) => {
    return {
      index: device.index,
      instance: askProbe(session, gpuInstanceId, device).read('value'),
      compute: askProbe(session, computeInstanceId, device).read('value'),
    };
  });
}

/** The meters of all vGPUs' GPU instances, from one tick to the next. */
export class VgpuGpm {
  private readonly meters = new Map<string, GpmMeter>();
  private session: Session | undefined;

  constructor(private readonly metrics: readonly GpmMetric[]) {}

  /** A record of every running vGPU; from the second tick on with values. */
  records(session: Session, gpu: Gpu): readonly Cells[] {
    this.session = session;
    const devices = migPlaces(session, gpu);
    const taken = new Set<GpmMeter>();
    const vgpus = vgpuNumbers(session, gpu, 'active');
    if (vgpus instanceof Missing) return [this.record(vgpus, vgpus, vgpus, vgpus, () => vgpus)];
    return vgpus.map((vgpu) => {
      const instance = instanceOfVgpu(session, vgpu);
      const device = devices instanceof Missing ? devices : devices.find((one) => one.instance === instance);
      const meter = instance instanceof Missing ? undefined : this.meterOf(gpu, Number(instance));
      // vGPUs that share an instance share its meter.
      if (meter !== undefined && !taken.has(meter)) runOn(session, meter.take());
      if (meter !== undefined) taken.add(meter);
      const [index, compute] =
        device instanceof Missing ? [device, device] : [device?.index, device?.compute];
      return this.record(
        vgpu,
        index ?? NOT_SUPPORTED,
        instance,
        compute ?? NOT_SUPPORTED,
        (i) => meter?.read(i) ?? NOT_SUPPORTED,
      );
    });
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
  close(): void {
    const { session } = this;
    for (const meter of this.meters.values()) if (session !== undefined) runOn(session, meter.close());
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
