/** Fields of every GPU, compiled once and sampled many times. */

import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import { gpuTable } from '../query/gpu/index.js';
import type { JsonScalar } from '../query/kind.js';
import { nearestNames } from '../query/nearest.js';
import { compilePlan, type Plan } from '../query/plan.js';
import { inTurn } from '../query/probe.js';
import type { Row } from '../query/row.js';
import type { GpuFields } from './generated/fields.js';
import type { Life } from './life.js';

export type { GpuFields };

/** The name of a field of --query-gpu: `memory.used`, `utilization.gpu`. */
export type FieldName = keyof GpuFields;

/** The values of one GPU: a number in the field's unit, the words, or null where there is none. */
export type Sample<Name extends FieldName> = {
  // Mapped over the keys of the fields, not over their names, so that the fields' comments come along.
  readonly [N in keyof Pick<GpuFields, Name>]: GpuFields[N] | null;
};

/** Why a value is null, by field: Not Supported, Insufficient Permissions, GPU is lost. */
export type Reasons<Name extends FieldName> = { readonly [N in keyof Pick<GpuFields, Name>]?: string };

const rowsByName: ReadonlyMap<string, Row> = new Map(
  gpuTable.rows.flatMap((row) => row.names.map((name) => [name, row] as const)),
);

/** A field name that is none. */
export class UnknownField extends Error {
  override readonly name = 'UnknownField';

  constructor(readonly field: string) {
    const near = nearestNames(field, [...rowsByName.keys()]);
    super(`"${field}" is not a field${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`);
  }
}

function rowOf(name: string): Row {
  const row = rowsByName.get(name);
  if (row === undefined) throw new UnknownField(name);
  return row;
}

/** A row whose calls are made in turn, none on worker threads. */
const askedInTurn = (row: Row): Row =>
  'probe' in row.source && row.source.probe.waits
    ? { ...row, source: { ...row.source, probe: inTurn(row.source.probe) } }
    : row;

export class Query<Name extends FieldName> {
  private readonly rows: readonly Row[];
  private readonly plan: Plan;
  private overlapping: Plan | undefined;
  private sampled = false;
  private pending: Promise<Sample<Name>[]> | undefined;

  constructor(
    private readonly session: Session,
    private readonly life: Life,
    /** The fields, as they were asked. */
    readonly fields: readonly Name[],
    private readonly gpus: readonly Gpu[] = session.gpus,
  ) {
    this.rows = fields.map(rowOf);
    this.plan = this.compile(this.rows.map(askedInTurn));
  }

  private compile(rows: readonly Row[]): Plan {
    return compilePlan(rows, this.gpus, { session: this.session, now: Date.now });
  }

  /**
   * Asks every GPU now and returns one sample each, in their order. Calls that wait inside the driver (PCIe
   * throughput: 21 ms) hold up the program: see {@link sampleAsync}.
   *
   * @throws NVMLError_Uninitialized once the machine is closed
   */
  sample(): Sample<Name>[] {
    this.life.check();
    void this.plan.sample();
    this.sampled = true;
    return this.read(this.plan);
  }

  /**
   * The same with the waits of all GPUs at the same time, on worker threads. Whoever asks while another is asking
   * gets the same samples.
   *
   * @throws NVMLError_Uninitialized once the machine is closed, also meanwhile
   */
  sampleAsync(): Promise<Sample<Name>[]> {
    this.pending ??= this.overlap().finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  private async overlap(): Promise<Sample<Name>[]> {
    this.life.check();
    this.overlapping ??= this.compile(this.rows);
    await this.overlapping.sample();
    this.life.check();
    return this.read(this.overlapping);
  }

  /** Why values of the last {@link sample} are null, GPU by GPU. Samples where that has not been done. */
  reasons(): Reasons<Name>[] {
    this.life.check();
    if (!this.sampled) this.sample();
    return this.plan.lines.map(({ readers }) => {
      const out: Record<string, string> = {};
      readers.forEach((read, i) => {
        const reading = read();
        if (reading instanceof Missing) out[this.fields[i] as string] = statusReason(reading.status);
      });
      return out as Reasons<Name>;
    });
  }

  private read({ lines }: Plan): Sample<Name>[] {
    return lines.map(({ readers }) => {
      const out: Record<string, JsonScalar> = {};
      for (let i = 0; i < readers.length; i++) {
        const reading = (readers[i] as () => ReturnType<(typeof readers)[number]>)();
        out[this.fields[i] as string] =
          reading instanceof Missing ? null : (this.rows[i] as Row).kind.json(reading);
      }
      return out as Sample<Name>;
    });
  }
}
