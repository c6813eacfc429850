/**
 * GPM: performance metrics that the driver counts between two samples (Hopper and newer). A sample is memory
 * that NVML allocates and frees, so this outlives one call: alloc, get, get, compare, free.
 */
import { type Bound, type Call, call, type Driver, type Handle, handle, SUBJECT, struct } from './call.js';
import {
  NVML_ERROR_FUNCTION_NOT_FOUND,
  NVML_ERROR_NOT_READY,
  NVML_ERROR_NOT_SUPPORTED,
  NVML_ERROR_UNKNOWN,
  NVML_GPM_METRICS_GET_VERSION,
  NVML_GPM_SUPPORT_VERSION,
} from './generated/constants.js';
import { nvmlGpmMetric_t, nvmlGpmMetricsGet_t, nvmlGpmSupport_t } from './generated/layouts.js';
import type { Field, Layout } from './layout.js';
import { ask } from './session.js';
import { Missing, type Status } from './status.js';

const METRICS_AT = nvmlGpmMetricsGet_t.fields.metrics[1];
const metricAt = (index: number): number => METRICS_AT + index * nvmlGpmMetric_t.size;

/** One of two samples: the call that fills it, and the one that compares it with the other, older one. */
interface Sample {
  readonly fill: Bound;
  readonly compare: Bound;
}

/** nvmlGpmMetricsGet_t with a name for the id of every metric that is asked for, so that they can be set. */
const layoutFor = (metricIds: readonly number[]): Layout => ({
  size: nvmlGpmMetricsGet_t.size,
  fields: {
    ...nvmlGpmMetricsGet_t.fields,
    ...Object.fromEntries(
      metricIds.map((_, i): [string, Field] => [
        `metric${i}`,
        ['u32', metricAt(i) + nvmlGpmMetric_t.fields.metricId[1]],
      ]),
    ),
  },
});

/** The comparison of two samples; NVML takes the older one first. */
const comparison = (metricIds: readonly number[], older: Handle, newer: Handle): Call =>
  call(
    'nvmlGpmMetricsGet',
    struct(layoutFor(metricIds), {
      version: NVML_GPM_METRICS_GET_VERSION,
      numMetrics: metricIds.length,
      sample1: older,
      sample2: newer,
      ...Object.fromEntries(metricIds.map((id, i) => [`metric${i}`, id])),
    }),
  );

/**
 * The GPM metrics of a GPU, or of one of its GPU instances: each `take` reads the counters, and compares them
 * with those of the `take` before. From nvmlGpmSampleGet or nvmlGpmMigSampleGet, and nvmlGpmMetricsGet.
 */
export class GpmMeter {
  private handles: readonly Handle[] = [];
  private samples: readonly Sample[] = [];
  private taken = 0;
  private status: Status = NVML_ERROR_NOT_READY;
  /** The answer of the last comparison. */
  private memory: Buffer | undefined;

  constructor(
    private readonly driver: Driver,
    private readonly gpu: Handle,
    private readonly metricIds: readonly number[],
    instanceId?: number,
  ) {
    const refused = this.open(instanceId);
    if (refused === 0) return;
    this.status = refused;
    this.close();
  }

  /** Reads the counters. From the second time on there are values. */
  take(): void {
    const sample = this.samples[this.taken % 2];
    if (sample === undefined) return;
    this.status = sample.fill.run();
    // After a failure the other sample is older than one tick: both are taken again.
    this.taken = this.status === 0 ? this.taken + 1 : 0;
    if (this.status !== 0) return;
    this.status = this.taken < 2 ? NVML_ERROR_NOT_READY : sample.compare.run();
    this.memory = sample.compare.memory[0];
  }

  /** The index-th metric as of the last `take`: percent, MiB per second or a count; or why there is none (NaN is none). */
  read(index: number): number | Missing {
    if (this.status !== 0 || this.memory === undefined) return Missing.of(this.status);
    const at = metricAt(index);
    const status = this.memory.readUInt32LE(at + nvmlGpmMetric_t.fields.nvmlReturn[1]);
    if (status !== 0) return Missing.of(status);
    const value = this.memory.readDoubleLE(at + nvmlGpmMetric_t.fields.value[1]);
    return Number.isFinite(value) ? value : Missing.of(NVML_ERROR_UNKNOWN);
  }

  /** Gives the samples back. */
  close(): void {
    for (const sample of this.handles) ask(this.driver, call('nvmlGpmSampleFree', sample));
    this.handles = [];
    this.samples = [];
  }

  private open(instanceId: number | undefined): Status {
    const asked = struct(nvmlGpmSupport_t, { version: NVML_GPM_SUPPORT_VERSION });
    const support = ask(this.driver, call('nvmlGpmQueryDeviceSupport', SUBJECT, asked), this.gpu);
    if (support.status !== 0) return support.status;
    if (support.memory[0]?.readUInt32LE(nvmlGpmSupport_t.fields.isSupportedDevice[1]) === 0) {
      return NVML_ERROR_NOT_SUPPORTED;
    }
    for (let i = 0; i < 2; i++) {
      const { status, memory } = ask(this.driver, call('nvmlGpmSampleAlloc', handle('gpmSample')));
      if (status !== 0) return status;
      this.handles = [...this.handles, (memory[0] as Buffer).readBigUInt64LE(0) as Handle];
    }
    const [first, second] = this.handles as readonly [Handle, Handle];
    for (const [own, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const get =
        instanceId === undefined
          ? call('nvmlGpmSampleGet', SUBJECT, own)
          : call('nvmlGpmMigSampleGet', SUBJECT, instanceId, own);
      const fill = this.driver.bind(get, this.gpu);
      const compare = this.driver.bind(comparison(this.metricIds, other, own), this.gpu);
      if (fill === undefined || compare === undefined) return NVML_ERROR_FUNCTION_NOT_FOUND;
      this.samples = [...this.samples, { fill, compare }];
    }
    return 0;
  }
}
