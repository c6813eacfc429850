/** Table: what the monitor shows of a GPU. A field of --query-gpu, a GPM metric, or a counter of the PCIe link. */
import { gpuRow } from '../query/gpu-fields.js';
import { type Kind, measured, percent } from '../query/kind.js';

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

/** Metrics of Hopper and newer, by the names that dmon gives them, and NVML's numbers. */
export const GPM_METRICS = {
  smutil: 2,
  smocc: 3,
  mmaact: 5,
  dram: 10,
  pcitx: 20,
  pcirx: 21,
  nvlrx: 60,
  nvltx: 61,
} as const;

export type NamedMetric = (typeof METRICS)[number];
export type GpmMetricName = keyof typeof GPM_METRICS;
export type Metric = NamedMetric | GpmMetricName;

const hundredths = (kind: Kind): Kind => ({
  ...kind,
  json: (value) => Math.round(Number(value) * 100) / 100,
});
const share = hundredths(percent);
const rate = hundredths(measured('MiB/s'));

const GPM_KINDS: Readonly<Record<GpmMetricName, Kind>> = {
  smutil: share,
  smocc: share,
  mmaact: share,
  dram: share,
  pcitx: rate,
  pcirx: rate,
  nvlrx: rate,
  nvltx: rate,
};

/** How JSON has them: NVML's numbers become those of the field's unit. */
export const METRIC_KINDS = {
  ...Object.fromEntries(METRICS.map((name) => [name, gpuRow(name).kind])),
  ...GPM_KINDS,
} as Readonly<Record<Metric, Kind>>;
