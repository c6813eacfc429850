/**
 * GPM: performance metrics that the driver counts between two samples (Hopper and newer). A sample is memory
 * that NVML allocates and frees, so this outlives one call: alloc, get, get, compare, free.
 */
import { type Call, call, type Handle } from '../nvml/call.js';
import { callOf } from '../nvml/call-of.js';
import {
  NVML_ERROR_NOT_READY,
  NVML_ERROR_NOT_SUPPORTED,
  NVML_ERROR_UNKNOWN,
  NVML_GPM_METRICS_GET_VERSION,
} from '../nvml/generated/constants.js';
import {
  nvmlGpmMigSampleGet,
  nvmlGpmQueryDeviceSupport,
  nvmlGpmSampleAlloc,
  nvmlGpmSampleFree,
  nvmlGpmSampleGet,
} from '../nvml/generated/entries.js';
import { nvmlGpmMetric_t, nvmlGpmMetricsGet_t, nvmlGpmSupport_t } from '../nvml/generated/layouts.js';
import type { Layout, StructField } from '../nvml/layout.js';
import { Missing, NO_ANSWER, type Status } from '../nvml/status.js';
import { type Asking, ask } from './ask/asking.js';
import { type Subject, SYSTEM, subjectKey } from './ask/subject.js';
import { asking, type Probe, sample } from './probe.js';
import type { Answer } from './reading.js';

const METRICS_AT = nvmlGpmMetricsGet_t.fields.metrics[1];
const metricAt = (index: number): number => METRICS_AT + index * nvmlGpmMetric_t.size;

/** nvmlGpmMetricsGet_t with a name for the id of every metric that is asked for, so that they can be set. */
const layoutFor = (metricIds: readonly number[]): Layout => ({
  size: nvmlGpmMetricsGet_t.size,
  fields: {
    ...nvmlGpmMetricsGet_t.fields,
    ...Object.fromEntries(
      metricIds.map((_, i): [string, StructField] => [
        `metric${i}`,
        ['u32', metricAt(i) + nvmlGpmMetric_t.fields.metricId[1]],
      ]),
    ),
  },
});

/** The comparison of two samples; NVML takes the older one first. */
const comparison = (metricIds: readonly number[], older: Handle, newer: Handle): Call =>
  call('nvmlGpmMetricsGet', {
    out: 'struct',
    layout: layoutFor(metricIds),
    set: {
      version: NVML_GPM_METRICS_GET_VERSION,
      numMetrics: metricIds.length,
      sample1: older,
      sample2: newer,
      ...Object.fromEntries(metricIds.map((id, i) => [`metric${i}`, id])),
    },
    answer: metricAt(metricIds.length),
  });

const SUPPORT = sample(nvmlGpmQueryDeviceSupport);

/**
 * The GPM metrics of a GPU, or of one of its GPU instances: each `take` reads the counters, and compares them
 * with those of the `take` before. From nvmlGpmSampleGet or nvmlGpmMigSampleGet, and nvmlGpmMetricsGet.
 */
export class GpmMeter {
  private samples: readonly Handle[] = [];
  /** What is asked at each `take`, by the place of the sample that it fills: made once, as a comparison has much to set. */
  private fills: Probe[] = [];
  private comparisons: Probe[] = [];
  /** What NVML said to whether it can measure; undefined before it was asked. */
  private support: Status | undefined;
  private taken = 0;
  private status: Status = NVML_ERROR_NOT_READY;
  /** The answer of the last comparison. */
  private memory: Buffer | undefined;

  constructor(
    private readonly gpu: Subject,
    private readonly metricIds: readonly number[],
    private readonly instanceId?: number,
  ) {}

  /** Reads the counters. From the second time on there are values. */
  *take(): Asking<void> {
    this.status = yield* this.open();
    if (this.status !== 0) return;
    const place = this.taken % 2;
    this.status = (yield* this.fill(place)).status;
    // After a failure the other sample is older than one tick: both are taken again.
    this.taken = this.status === 0 ? this.taken + 1 : 0;
    if (this.status !== 0) return;
    this.status = NVML_ERROR_NOT_READY;
    if (this.taken < 2) return;
    const compared = yield* this.compare(place);
    this.status = compared.status;
    this.memory = compared.memory();
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
  *close(): Asking<void> {
    for (const gpmSample of this.samples) {
      yield* ask(sample(nvmlGpmSampleFree, { gpmSample }), SYSTEM);
    }
    this.samples = [];
    this.fills = [];
    this.comparisons = [];
    this.support = NVML_ERROR_NOT_READY;
  }

  private *open(): Asking<Status> {
    if (this.support === undefined || this.support === NO_ANSWER) this.support = yield* this.supported();
    if (this.support !== 0) return this.support;
    while (this.samples.length < 2) {
      // Each is another one: the name says so, as what is asked twice at a tick has one answer.
      const name = `nvmlGpmSampleAlloc ${subjectKey(this.gpu)} ${this.instanceId} ${this.samples.length}`;
      const made = yield* ask(asking(name, callOf(nvmlGpmSampleAlloc)), SYSTEM);
      const memory = made.memory();
      if (memory === undefined) return made.status;
      this.samples = [...this.samples, memory.readBigUInt64LE(0) as Handle];
    }
    return 0;
  }

  private *supported(): Asking<Status> {
    const answer = yield* ask(SUPPORT, this.gpu);
    const isSupported = answer.memory()?.readUInt32LE(nvmlGpmSupport_t.fields.isSupportedDevice[1]) !== 0;
    return answer.status === 0 && !isSupported ? NVML_ERROR_NOT_SUPPORTED : answer.status;
  }

  private fill(place: number): Asking<Answer> {
    const { instanceId: gpuInstanceId, fills } = this;
    const gpmSample = this.samples[place] as Handle;
    fills[place] ??=
      gpuInstanceId === undefined
        ? sample(nvmlGpmSampleGet, { gpmSample })
        : sample(nvmlGpmMigSampleGet, { gpuInstanceId, gpmSample });
    return ask(fills[place], this.gpu);
  }

  private compare(place: number): Asking<Answer> {
    const { comparisons } = this;
    const [older, newer] = [this.samples[1 - place], this.samples[place]] as [Handle, Handle];
    comparisons[place] ??= asking(
      `nvmlGpmMetricsGet ${older} ${newer}`,
      comparison(this.metricIds, older, newer),
    );
    return ask(comparisons[place], this.gpu);
  }
}
