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
import type { Collector } from './collector.js';
import { familyOf } from './field.js';
import { allFields } from './fields.js';
import type { CollectedRecords, Labels, Observed } from './observed.js';
import { HW_METRICS, UCUM } from './otlp-names.js';
import { QueueingExporter } from './otlp-queue.js';

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

/** Milliseconds that one push may take. */
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
  const exporter = new OTLPMetricExporter({ url: metricsUrl(url), timeoutMillis: PATIENCE });
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
    const observable =
      family.type === 'counter'
        ? meter.createObservableCounter(name, about)
        : meter.createObservableGauge(name, about);
    instruments.set(field.names[0], { observable, scale: family.scale, attributes: hw?.attributes ?? {} });
  }
  meter.addBatchObservableCallback(
    (result) => {
      if (collector.latest !== undefined) observe(result, collector.latest, instruments);
    },
    [...instruments.values()].map(({ observable }) => observable),
  );
  return { stop: () => provider.shutdown() };
}

/** The address of metrics: that of a collector alone means its usual path. */
export function metricsUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === '/' || parsed.pathname === '') parsed.pathname = '/v1/metrics';
  return parsed.href;
}

function observe(
  result: BatchObservableResult,
  { records }: CollectedRecords,
  instruments: ReadonlyMap<string, Instrument>,
): void {
  const gpus = new Map<string, Attributes>();
  for (const record of records) {
    const { relation, labels, values } = record;
    if (relation === 'gpu') gpus.set(labels.gpu ?? '', gpuAttributes(labels));
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
