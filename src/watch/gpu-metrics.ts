/** Table: what the monitor shows of a GPU. A field of --query-gpu, a GPM metric, or a counter of the PCIe link. */
import { type Field, nameOf } from '../query/field.js';
import { gpuRow } from '../query/gpu-fields.js';
import type { Kind } from '../query/kind.js';
import { gpmMetrics } from '../query/monitor/gpm.js';

export const METRICS = [
  'temperature.gpu',
  'temperature.gpu.tlimit',
  'power.draw',
  'enforced.power.limit',
  'memory.used',
  'memory.total',
  'utilization.gpu',
  'utilization.memory',
  'utilization.encoder',
  'utilization.decoder',
  'clocks.current.graphics',
  'clocks.max.graphics',
  'clocks.current.memory',
  'fan.speed',
  'pstate',
  'pcie.link.gen.current',
  'pcie.link.width.current',
  'clocks_event_reasons.active',
  'ecc.errors.uncorrected.volatile.total',
  'ecc.errors.corrected.volatile.total',
  'gpu_recovery_action',
] as const;

/** Those that seldom change: they are asked for every few seconds. */
export const SLOW_METRICS: ReadonlySet<NamedMetric> = new Set([
  'temperature.gpu.tlimit',
  'enforced.power.limit',
  'clocks.max.graphics',
  'clocks.current.memory',
  'fan.speed',
  'pstate',
  'pcie.link.gen.current',
  'pcie.link.width.current',
  'ecc.errors.uncorrected.volatile.total',
  'ecc.errors.corrected.volatile.total',
  'gpu_recovery_action',
]);

/** Metrics of Hopper and newer, by the names that dmon gives them. */
export const GPM_METRICS = ['smutil', 'smocc', 'mmaact', 'dram', 'pcitx', 'pcirx', 'nvlrx', 'nvltx'] as const;

export type NamedMetric = (typeof METRICS)[number];
export type GpmMetricName = (typeof GPM_METRICS)[number];
export type Metric = NamedMetric | GpmMetricName;

/** Their fields, in the order of the names. */
export const gpmFields: readonly Field[] = GPM_METRICS.flatMap((name) =>
  gpmMetrics.flatMap((metric) => (metric.name === name ? [metric.field] : [])),
);

/** How JSON has them: NVML's numbers become those of the field's unit. */
export const METRIC_KINDS = {
  ...Object.fromEntries(METRICS.map((name) => [name, gpuRow(name).kind])),
  ...Object.fromEntries(gpmFields.map((field) => [nameOf(field), field.kind])),
} as Readonly<Record<Metric, Kind>>;
