/** GPM as a relation: the performance metrics of a GPU, and of its GPU instances. Hopper and newer. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, readOne, together } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { type Field, item, type RecordValues } from './field.js';
import { GpmMeter } from './gpm-meter.js';
import { count } from './kind.js';
import { migDevicesIn } from './mig/devices.js';
import { gpuInstanceId } from './mig/mig.js';
import { type GpmMetric, gpmMetrics } from './monitor/gpm.js';
import type { Found, Records, Relation } from './relation.js';

/** The number of a GPU instance; undefined is the whole GPU. */
type MeasuredInstance = number | undefined;

/** The meters of GPUs and of their GPU instances, from one tick to the next. */
export class GpmMeters {
  private readonly meters = new Map<string, GpmMeter>();

  constructor(private readonly metrics: readonly GpmMetric[]) {}

  /** Reads the counters. The values of each instance since the tick before; what is not among them is released. */
  *take(gpu: Subject, instances: readonly MeasuredInstance[]): Asking<readonly RecordValues[]> {
    if (this.metrics.length === 0) return instances.map(() => ({}));
    const meters = instances.map((instance) => this.meterOf(gpu, instance));
    yield* together([...new Set(meters)].map((meter) => meter.take()));
    for (const [key, meter] of this.meters) {
      if (!key.startsWith(`${gpu.index}/`) || meters.includes(meter)) continue;
      this.meters.delete(key);
      yield* meter.close();
    }
    return meters.map((meter) =>
      Object.fromEntries(this.metrics.map(({ name }, i) => [name, meter.read(i)] as const)),
    );
  }

  /** Releases what NVML allocated. */
  *end(): Asking<void> {
    const meters = [...this.meters.values()];
    this.meters.clear();
    yield* together(meters.map((meter) => meter.close()));
  }

  private meterOf(gpu: Subject, instance: MeasuredInstance): GpmMeter {
    const key = `${gpu.index}/${instance ?? ''}`;
    let meter = this.meters.get(key);
    if (meter === undefined) {
      const ids = this.metrics.map(({ id }) => id);
      meter = new GpmMeter(gpu, ids, instance);
      this.meters.set(key, meter);
    }
    return meter;
  }
}

/** Of whole GPUs, or of their GPU instances that have MIG devices. */
export type GpmLevel = 'device' | 'mig';

export const gpmInstance: Field = {
  names: ['gpu_instance_id'],
  help: 'GPU instance of the performance metrics; null for those of the whole GPU.',
  kind: count,
  source: item('instance'),
};

/** The first record of each has no values yet: they are of the time between two ticks. */
export const gpmOf = (levels: readonly GpmLevel[]): Relation & Required<Pick<Relation, 'begin'>> => ({
  name: 'gpm',
  record: 'a GPU, or a GPU instance of it',
  fields: [gpmInstance, ...gpmMetrics.map(({ field }) => field)],
  begin() {
    let meters: GpmMeters | undefined;
    return {
      *find(gpu, asked): Asking<Records> {
        if (gpu.handle === undefined) return Missing.of(gpu.status);
        const found = levels.includes('mig') ? yield* instancesOf(gpu) : [];
        if (found instanceof Missing && !levels.includes('device')) return found;
        const numbers = found instanceof Missing ? [] : found;
        const instances = levels.includes('device') ? [undefined, ...numbers] : numbers;
        meters ??= new GpmMeters(metricsAmong(asked));
        const values = yield* meters.take(gpu, instances);
        const records = instances.map((instance, i): Found => {
          return { values: { instance: instance ?? NOT_SUPPORTED, ...values[i] } };
        });
        // The whole GPU has values where its instances cannot be listed.
        return found instanceof Missing ? [...records, { values: unlistedInstance(found) }] : records;
      },
      *end() {
        yield* meters?.end() ?? [];
      },
    };
  },
});

/** The metrics that fields are of, whatever these are called. */
function metricsAmong(asked: ReadonlySet<Field>): readonly GpmMetric[] {
  const items = new Set([...asked].flatMap(({ source }) => ('item' in source ? [source.item] : [])));
  return gpmMetrics.filter(({ name }) => items.has(name));
}

const unlistedInstance = (why: Missing): RecordValues => ({
  instance: why,
  ...Object.fromEntries(gpmMetrics.map(({ name }) => [name, why])),
});

/** The numbers of a GPU's instances that have MIG devices. */
function* instancesOf(gpu: Subject): Asking<readonly number[] | Missing> {
  const migs = yield* migDevicesIn(gpu);
  if (migs instanceof Missing) return migs;
  const ids = yield* together(migs.map((mig) => readOne(gpuInstanceId, mig)));
  return [...new Set(ids.filter((id) => !(id instanceof Missing)).map(Number))];
}
