/** The MIG devices of a GPU as records: who they are, their memory, and what their GPU instance does. They come and go. */
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Asking, read, together, want } from '../query/ask/asking.js';
import { readFields, readRecords } from '../query/ask/records.js';
import type { Subject } from '../query/ask/subject.js';
import { nameOf } from '../query/field.js';
import { gpmOf } from '../query/gpm.js';
import { gpuField } from '../query/gpu-fields.js';
import { migDevicesOf } from '../query/mig/devices.js';
import { computeInstanceId, gpuInstanceId, migName } from '../query/mig/mig.js';
import type { Reading } from '../query/reading.js';
import { migFields, migGpmFields } from './fields.js';
import type { Labels, Observed, Wish } from './observed.js';
import { type Failures, numbersIn } from './readings.js';

const shown = (reading: Reading): string => (reading instanceof Missing ? '' : String(reading));

/** What GPU instances did, by their numbers. */
type Measured = ReadonlyMap<string, Readonly<Record<string, number>>>;

interface AskedMig {
  readonly instances: readonly Reading[];
  readonly uuid: Reading;
  readonly name: Reading;
  readonly readings: readonly Reading[];
}

export class MigRecords {
  private readonly gpmRun = gpmOf(['mig']).begin();
  private readonly fields;
  private readonly gpm;

  constructor({ has }: Wish) {
    this.fields = migFields.filter((row) => has(nameOf(row)));
    this.gpm = migGpmFields.filter((field) => has(nameOf(field)));
  }

  *of(gpu: Gpu, of: Labels, failures: Failures): Asking<readonly Observed[]> {
    const devices = yield* migDevicesOf(gpu);
    if (devices instanceof Missing) failures.count(devices);
    const migs = devices === undefined || devices instanceof Missing ? [] : devices;
    const measured = migs.length === 0 ? undefined : yield* this.measured(gpu, failures);
    const asked = yield* together(migs.map((mig) => this.asked(mig)));
    return asked.map((each) => this.record(each, of, failures, measured));
  }

  /** Releases what NVML allocated. */
  end(): Asking<void> {
    return this.gpmRun.end();
  }

  private record(
    { instances, uuid, name, readings }: AskedMig,
    of: Labels,
    failures: Failures,
    measured: Measured | undefined,
  ): Observed {
    const [instance = '', compute = ''] = instances.map(shown);
    const labels: Labels = {
      ...of,
      mig_uuid: shown(uuid),
      gpu_instance_id: instance,
      compute_instance_id: compute,
      profile: shown(name).replace(/^MIG /, ''),
    };
    const values = numbersIn(this.fields, readings, failures);
    return { relation: 'mig', labels, values: { ...values, ...measured?.get(instance) } };
  }

  private *asked(mig: Subject): Asking<AskedMig> {
    return {
      instances: yield* read([want(gpuInstanceId), want(computeInstanceId)], mig),
      uuid: yield* gpuField('uuid', mig),
      name: yield* migName(mig),
      readings: yield* readFields(this.fields, mig),
    };
  }

  /** By the number of the GPU instance, which its compute instances share. */
  private *measured(gpu: Gpu, failures: Failures): Asking<Measured | undefined> {
    if (this.gpm.length === 0) return undefined;
    const found = yield* readRecords(this.gpmRun, this.gpm, gpu);
    if (found instanceof Missing) return undefined;
    return new Map(
      found.map(({ values: { instance }, readings }) => [
        String(instance),
        numbersIn(this.gpm, readings, failures),
      ]),
    );
  }
}
