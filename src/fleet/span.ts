/** What the GPUs of a fleet did over a time: least, mean and most of what the table shows. */
import { plainText } from '../base/plain-text.js';
import { gpuRow } from '../query/gpu-fields.js';
import { byHost } from './fleet.js';
import { type KnownMetric, knownMetrics } from './known-metrics.js';
import type { PrometheusApi, SeriesSample } from './prometheus.js';

const FIELDS = ['utilization.gpu', 'memory.used', 'temperature.gpu', 'power.draw'] as const;
type SpanField = (typeof FIELDS)[number];

const AGGREGATES = ['min', 'avg', 'max'] as const;
type Aggregate = (typeof AGGREGATES)[number];

/** The numbers of a field, in the unit that nvidia-smi prints it in. */
export type Aggregates = Readonly<Partial<Record<Aggregate, number>>>;

export interface SpanLine {
  readonly host: string;
  readonly gpu: string;
  readonly uuid: string;
  readonly spans: Partial<Record<SpanField, Partial<Record<Aggregate, number>>>>;
}

/** Marks which metric a series came from: an aggregate over time has no name. */
const LABEL = 'nvsmi_field';

const metrics: readonly KnownMetric[] = knownMetrics.filter(({ field }) =>
  (FIELDS as readonly string[]).includes(field),
);

/** The aggregates over a duration as Prometheus writes it (1h). Throws FleetError. */
export async function spansOf(api: PrometheusApi, duration: string): Promise<readonly SpanLine[]> {
  const lines = new Map<string, SpanLine>();
  for (const aggregate of AGGREGATES) {
    const parts = metrics.map(
      ({ name }) =>
        `label_replace(${aggregate}_over_time(${name}[${duration}]), "${LABEL}", "${name}", "", "")`,
    );
    for (const sample of await api.query(parts.join(' or '))) take(lines, sample, aggregate);
  }
  // The values of nvidia_gpu_exporter do not have the index of their GPU.
  for (const { metric } of await api.query('nvidia_smi_gpu_info')) {
    const key = `${metric.instance} GPU-${metric.uuid}`;
    const line = lines.get(key);
    if (line !== undefined && metric.index !== undefined) lines.set(key, { ...line, gpu: metric.index });
  }
  return [...lines.values()].sort((a, b) => byHost(a.host, b.host) || byHost(a.gpu, b.gpu));
}

function take(lines: Map<string, SpanLine>, { metric, value }: SeriesSample, aggregate: Aggregate): void {
  const known = metrics.find(({ name }) => name === metric[LABEL]);
  if (known === undefined || metric.GPU_I_ID !== undefined) return;
  const found = metric.uuid ?? metric.UUID ?? metric.gpu ?? '';
  const uuid = /^(GPU|MIG)-/i.test(found) ? found : `GPU-${found}`;
  const host = metric.instance ?? '';
  const key = `${host} ${uuid}`;
  const line = lines.get(key) ?? { host, gpu: metric.gpu ?? uuid, uuid, spans: {} };
  lines.set(key, metric.gpu === undefined ? line : { ...line, gpu: metric.gpu });
  const field = known.field as SpanField;
  line.spans[field] ??= {};
  const span = line.spans[field];
  // Dialects side by side say the same: the first is kept.
  span[aggregate] ??= Number(gpuRow(field).kind.json(known.raw(value)));
}

const HEADS: Readonly<Record<SpanField, string>> = {
  'utilization.gpu': 'UTIL %',
  'memory.used': 'MEMORY MiB',
  'temperature.gpu': 'TEMP C',
  'power.draw': 'POWER W',
};

const shown = (span: Aggregates | undefined): string =>
  AGGREGATES.map((aggregate) => (span?.[aggregate] === undefined ? '-' : Math.round(span[aggregate]))).join(
    '/',
  );

export function spanTable(lines: readonly SpanLine[], duration: string): string {
  const rows = [
    ['HOST', 'GPU', ...FIELDS.map((field) => HEADS[field])],
    ...lines.map(({ host, gpu, spans }) =>
      [host, gpu, ...FIELDS.map((field) => shown(spans[field]))].map(plainText),
    ),
  ];
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [...rows.map(line), '', `Least, mean and most of ${duration}.`, ''].join('\n');
}

export const spanRecord = ({ host, gpu, uuid, spans }: SpanLine): Readonly<Record<string, unknown>> => ({
  host,
  gpu: /^\d+$/.test(gpu) ? Number(gpu) : null,
  uuid,
  ...Object.fromEntries(
    FIELDS.map((field) => {
      const { min = null, avg = null, max = null } = spans[field] ?? {};
      return [field, { min, mean: avg, max }];
    }),
  ),
});
