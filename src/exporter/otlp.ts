/** Pushes what is collected to OpenTelemetry, over HTTP in its protocol, by its own SDK. A bundle of its own. */
import type { Attributes, BatchObservableResult, Observable } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { type Finding, type Verdict, worstOf } from '../base/verdict.js';
import type { Collector } from './collector.js';
import { type Family, familyOf } from './field.js';
import { allFields } from './fields.js';
import { checkPoints, healthFamilies, healthPoints } from './health-points.js';
import { healthNow } from './health-seen.js';
import type { CollectedRecords, Labels, Observed } from './observed.js';
import { HW_METRICS, HW_STATES, HW_STATUS, UCUM } from './otlp-names.js';
import { QueueingExporter } from './otlp-queue.js';
import { ownFamilies, ownPoints } from './own-metrics.js';

export interface OtlpOptions {
  readonly url: string;
  readonly version: string;
  readonly hostname: string;
  /** Milliseconds between two pushes. */
  readonly period: number;
  readonly report: (text: string) => void;
}

export interface Pusher {
  /** Pushes what is known now, and ends. */
  stop(): Promise<void>;
}

/** Milliseconds that a collection may take to be handed to the queue. */
const PATIENCE = 10_000;

/** A field as an instrument: the value, and what the convention adds to the attributes. */
interface Instrument {
  readonly observable: Observable;
  readonly scale: (raw: number) => number;
  readonly attributes: Attributes;
}

export function pushTo(
  { url, version, hostname, period, report }: OtlpOptions,
  collector: Collector,
): Pusher {
  // OTEL_EXPORTER_OTLP_TIMEOUT, _HEADERS, _COMPRESSION, _CERTIFICATE and their kind the SDK reads itself.
  const exporter = new OTLPMetricExporter({ url: metricsUrl(url) });
  const reader = new PeriodicExportingMetricReader({
    exporter: new QueueingExporter(exporter, report),
    exportIntervalMillis: period,
    exportTimeoutMillis: Math.min(period, PATIENCE),
  });
  const resource = defaultResource()
    .merge(
      resourceFromAttributes({ 'service.name': 'nvsmi', 'service.version': version, 'host.name': hostname }),
    )
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter('nvsmi', version);
  const instruments = new Map<string, Instrument>();
  for (const field of allFields) {
    const family = familyOf(field);
    if (family === undefined) continue;
    const hw = HW_METRICS[field.names[0]];
    const base = field.metric?.base ?? field.kind.metric;
    const about = { description: family.help, unit: hw?.unit ?? UCUM[base?.unit ?? ''] ?? '1' };
    const name = hw?.name ?? family.name;
    const observable = hw?.isSum
      ? meter.createObservableUpDownCounter(name, about)
      : family.type === 'counter'
        ? meter.createObservableCounter(name, about)
        : meter.createObservableGauge(name, about);
    instruments.set(field.names[0], { observable, scale: family.scale, attributes: hw?.attributes ?? {} });
  }
  const families = new Map<Family, Observable>(
    [...ownFamilies, ...Object.values(healthFamilies)].map((family) => {
      const about = { description: family.help, unit: family.name.includes('_seconds') ? 's' : '1' };
      return [
        family,
        family.type === 'counter'
          ? meter.createObservableCounter(family.name, about)
          : meter.createObservableGauge(family.name, about),
      ];
    }),
  );
  const status = meter.createObservableUpDownCounter(HW_STATUS.name, {
    description: 'Whether the health checks find a GPU in this state.',
    unit: HW_STATUS.unit,
  });
  meter.addBatchObservableCallback(
    (result) => {
      const gpus = gpusOf(collector.latest);
      if (collector.latest !== undefined) observe(result, collector.latest, gpus, instruments);
      observeState(result, collector, gpus, families, version);
      observeStatus(result, collector, gpus, status);
    },
    [...[...instruments.values()].map(({ observable }) => observable), ...families.values(), status],
  );
  return { stop: () => provider.shutdown() };
}

/** The address of metrics: that of a collector alone means its usual path. */
export function metricsUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === '/' || parsed.pathname === '') parsed.pathname = '/v1/metrics';
  return parsed.href;
}

/** The attributes of the GPUs, by their indexes. */
const gpusOf = (latest: CollectedRecords | undefined): ReadonlyMap<string, Attributes> =>
  new Map(
    (latest?.records ?? []).flatMap(({ relation, labels }) =>
      relation === 'gpu' ? [[labels.gpu ?? '', gpuAttributes(labels)] as const] : [],
    ),
  );

function observe(
  result: BatchObservableResult,
  { records }: CollectedRecords,
  gpus: ReadonlyMap<string, Attributes>,
  instruments: ReadonlyMap<string, Instrument>,
): void {
  for (const record of records) {
    const { labels, values } = record;
    const attributes = { ...gpus.get(labels.gpu ?? ''), ...ownAttributes(record) };
    for (const [field, raw] of Object.entries(values)) {
      const instrument = instruments.get(field);
      if (instrument === undefined) continue;
      result.observe(instrument.observable, instrument.scale(raw), {
        ...attributes,
        ...instrument.attributes,
      });
    }
  }
}

/** What the exporter says of itself, and what the health checks said. */
function observeState(
  result: BatchObservableResult,
  collector: Collector,
  gpus: ReadonlyMap<string, Attributes>,
  families: ReadonlyMap<Family, Observable>,
  version: string,
): void {
  const now = Date.now();
  const { health } = collector;
  const all = [
    ...ownPoints(collector, version, now),
    ...healthPoints(collector, now),
    ...(health === undefined
      ? []
      : checkPoints(health, (gpu) => (gpus.get(gpu) as Labels | undefined) ?? { gpu })),
  ];
  for (const [family, points] of all) {
    const observable = families.get(family);
    if (observable === undefined) continue;
    for (const { labels, value } of points) result.observe(observable, value, labels);
  }
}

/** The worst verdict of each GPU as the state of a component. */
function observeStatus(
  result: BatchObservableResult,
  collector: Collector,
  gpus: ReadonlyMap<string, Attributes>,
  status: Observable,
): void {
  const { findings, isCurrent } = healthNow(collector, Date.now());
  if (!isCurrent) return;
  for (const [index, attributes] of gpus) {
    const own = findings.filter(({ gpu }) => String(gpu) === index);
    const state = own.length === 0 ? undefined : HW_STATES[known(own)];
    if (state === undefined) continue;
    for (const each of Object.values(HW_STATES)) {
      result.observe(status, Number(each === state), { ...attributes, 'hw.state': each });
    }
  }
}

/** OpenTelemetry has no state for what is unknown: a warning that is known is better than none. */
function known(findings: readonly Finding[]): Verdict {
  const worst = worstOf(findings);
  return worst === 'unknown' && findings.some(({ verdict }) => verdict === 'warn') ? 'warn' : worst;
}

function gpuAttributes({ gpu, uuid, name, serial, driver_version: driver }: Labels): Attributes {
  const known = {
    'hw.id': uuid ?? `gpu ${gpu}`,
    'hw.type': 'gpu',
    'hw.vendor': 'NVIDIA',
    'hw.model': name,
    'hw.serial_number': serial,
    'hw.driver_version': driver,
    gpu,
  };
  return Object.fromEntries(Object.entries(known).filter(([, text]) => text !== undefined));
}

/** What distinguishes a record from the others of its GPU. */
function ownAttributes({ relation, labels }: Observed): Attributes {
  switch (relation) {
    case 'gpu':
      return {};
    case 'mig':
      return {
        'hw.id': labels.mig_uuid,
        'hw.parent': labels.uuid,
        gpu_instance_id: labels.gpu_instance_id,
        compute_instance_id: labels.compute_instance_id,
        profile: labels.profile,
      };
    default: {
      const { gpu: _, uuid: __, ...own } = labels;
      return own;
    }
  }
}
