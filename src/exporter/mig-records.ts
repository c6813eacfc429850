/** The MIG devices of a GPU as records: who they are, their memory, and what their GPU instance does. They come and go. */
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { type Asking, read, want } from '../query/ask/asking.js';
import { readFields } from '../query/ask/records.js';
import type { Subject } from '../query/ask/subject.js';
import { nameOf } from '../query/field.js';
import { GpmMeter } from '../query/gpm-meter.js';
import { gpuField } from '../query/gpu-fields.js';
import { computeInstanceId, gpuInstanceId, migName } from '../query/mig.js';
import { migDevicesOf } from '../query/mig-devices.js';
import type { Reading } from '../query/reading.js';
import { migFields, migGpmFields } from './fields.js';
import type { Labels, Observed, Wish } from './observed.js';
import { type Failures, numbersOf } from './readings.js';

const shown = (reading: Reading): string => (reading instanceof Missing ? '' : String(reading));

export class MigRecords {
  /** By the GPU and the number of the GPU instance, which the compute instances of a GPU instance share. */
  private meters = new Map<string, GpmMeter>();
  private readonly fields;
  private readonly gpm;

  constructor(
    private readonly asker: Asker,
    { has }: Wish,
  ) {
    this.fields = migFields.filter((row) => has(nameOf(row)));
    this.gpm = migGpmFields.filter(({ names: [name] }) => has(name));
  }

  of(gpu: Gpu, of: Labels, failures: Failures): readonly Observed[] {
    const devices = this.asker.run(migDevicesOf(gpu));
    if (devices instanceof Missing) failures.count(devices);
    const migs = devices === undefined || devices instanceof Missing ? [] : devices;
    const measured = new Map<string, Readonly<Record<string, number>>>();
    const records = migs.map((mig) => this.record(gpu, mig, of, failures, measured));
    this.forget(gpu, measured);
    return records;
  }

  close(): void {
    for (const meter of this.meters.values()) this.asker.run(meter.close());
    this.meters.clear();
  }

  private record(
    gpu: Gpu,
    mig: Subject,
    of: Labels,
    failures: Failures,
    measured: Map<string, Readonly<Record<string, number>>>,
  ): Observed {
    const { instances, uuid, name, readings } = this.asker.run(this.asked(mig));
    const [instance = '', compute = ''] = instances.map(shown);
    const labels: Labels = {
      ...of,
      mig_uuid: shown(uuid),
      gpu_instance_id: instance,
      compute_instance_id: compute,
      profile: shown(name).replace(/^MIG /, ''),
    };
    const values = numbersOf(
      this.fields.map((row, i) => [nameOf(row), () => readings[i] as Reading, row.kind] as const),
      failures,
    );
    const key = `${gpu.index}/${instance}`;
    if (!measured.has(key)) measured.set(key, this.measure(key, gpu, instance, failures));
    return { relation: 'mig', labels, values: { ...values, ...measured.get(key) } };
  }

  private *asked(mig: Subject): Asking<{
    readonly instances: readonly Reading[];
    readonly uuid: Reading;
    readonly name: Reading;
    readonly readings: readonly Reading[];
  }> {
    return {
      instances: yield* read([want(gpuInstanceId), want(computeInstanceId)], mig),
      uuid: yield* gpuField('uuid', mig),
      name: yield* migName(mig),
      readings: yield* readFields(this.fields, mig),
    };
  }

  private measure(
    key: string,
    gpu: Gpu,
    instance: string,
    failures: Failures,
  ): Readonly<Record<string, number>> {
    if (gpu.handle === undefined || instance === '' || this.gpm.length === 0) return {};
    let meter = this.meters.get(key);
    if (meter === undefined) {
      const ids = this.gpm.map(({ gpm }) => gpm);
      meter = new GpmMeter(gpu, ids, Number(instance));
      this.meters.set(key, meter);
    }
    const taken = meter;
    this.asker.run(taken.take());
    return numbersOf(
      this.gpm.map(({ names: [name], kind }, i) => [name, () => taken.read(i), kind] as const),
      failures,
    );
  }

  /** Gives back the samples of GPU instances that were destroyed. */
  private forget(gpu: Gpu, measured: ReadonlyMap<string, unknown>): void {
    for (const [key, meter] of this.meters) {
      if (!key.startsWith(`${gpu.index}/`) || measured.has(key)) continue;
      this.asker.run(meter.close());
      this.meters.delete(key);
    }
  }
}
