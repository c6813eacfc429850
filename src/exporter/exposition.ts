/** Points as a text that Prometheus reads: its own format, or OpenMetrics. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Points } from './dialects/dialect.js';
import type { Family } from './field.js';

export type Format = 'text' | 'openmetrics';

export const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/** The end of an OpenMetrics text, which comes once. */
export const OPENMETRICS_END = '# EOF\n';

/** Spells points. What has no point is not there: a series ends with what it was about. */
export async function exposition(points: Points, format: Format): Promise<string> {
  const registry = format === 'openmetrics' ? openMetrics() : new Registry();
  for (const [family, all] of points) {
    const labelNames = [...new Set(all.flatMap(({ labels }) => Object.keys(labels)))];
    const about = { name: family.name, help: family.help, labelNames, registers: [registry] };
    if (isCounter(family, format)) {
      const counter = new Counter(about);
      for (const { labels, value } of all) counter.inc(labels, Math.max(0, value));
    } else {
      const gauge = new Gauge(about);
      for (const { labels, value } of all) gauge.set(labels, value);
    }
  }
  const text = await registry.metrics();
  if (format === 'text') return text.endsWith('\n') ? text : `${text}\n`;
  return text.endsWith(OPENMETRICS_END) ? text.slice(0, -OPENMETRICS_END.length) : text;
}

function openMetrics(): Registry {
  const registry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  return registry as unknown as Registry;
}

/**
 * In OpenMetrics the name of a counter ends with total. Foreign names that do not are gauges there: a name is the same in both
 * formats.
 */
const isCounter = ({ name, type }: Family, format: Format): boolean =>
  type === 'counter' && (format === 'text' || name.endsWith('_total'));

/** The format that a client prefers, of an Accept header: OpenMetrics only where it is asked for by name. */
export function formatAsked(accept: string | undefined): Format {
  let best: { readonly format: Format; readonly weight: number } = { format: 'text', weight: 0 };
  for (const range of (accept ?? '').slice(0, 2000).split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const format = FORMATS[type];
    const quality = parameters.find((each) => each.startsWith('q='))?.slice(2);
    const weight = quality === undefined ? 1 : Number(quality);
    if (format === undefined || !(weight > best.weight)) continue;
    best = { format, weight };
  }
  return best.format;
}

const FORMATS: Readonly<Record<string, Format>> = {
  'application/openmetrics-text': 'openmetrics',
  'text/plain': 'text',
  'text/*': 'text',
  '*/*': 'text',
};
