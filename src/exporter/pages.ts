/** What is served: the metrics, the health of the machine, and what this is. */
import type { Verdict } from '../base/verdict.js';
import { verdictLine } from '../format/verdicts.js';
import type { Collector } from './collector.js';
import { CONTENT_TYPE, formatAsked } from './exposition.js';
import { healthNow } from './health-seen.js';
import type { MetricsText } from './metrics-text.js';
import type { HttpPage, HttpPages } from './server.js';

const VARY = { Vary: 'Accept, Accept-Encoding' };
const JSON_TYPE = 'application/json; charset=utf-8';

const zips = (header: string | readonly string[] | undefined): boolean =>
  String(header ?? '')
    .split(',')
    .some((each) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(each));

/** Verdicts with which a machine can work: a warning is to be looked into, and drains nothing. */
const FIT: ReadonlySet<Verdict> = new Set(['ok', 'warn']);

export function pagesOf(
  metrics: MetricsText,
  collector: Collector,
  now: () => number,
  about: string,
): HttpPages {
  return async (path, { headers }): Promise<HttpPage | undefined> => {
    switch (path) {
      case '/metrics': {
        const format = formatAsked(headers.accept);
        const isZipped = zips(headers['accept-encoding']);
        return {
          status: 200,
          type: CONTENT_TYPE[format],
          body: await metrics.body(format, isZipped),
          headers: isZipped ? { 'Content-Encoding': 'gzip', ...VARY } : VARY,
        };
      }
      case '/health': {
        const { verdict, findings } = healthNow(collector, now());
        const at = new Date(collector.health?.at ?? now()).toISOString();
        return {
          status: FIT.has(verdict) ? 200 : 503,
          type: JSON_TYPE,
          body: verdictLine(at, findings, collector.health?.notApplicable ?? []),
        };
      }
      case '/':
        return { status: 200, type: 'text/html; charset=utf-8', body: about };
      default:
        return undefined;
    }
  };
}

/** The page of `/`. It holds no text from outside. */
export const aboutPage = (version: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>nvsmi exporter</title></head>
<body>
<h1>nvsmi exporter ${version}</h1>
<p>Metrics of the NVIDIA GPUs of this machine.</p>
<ul>
<li><a href="/metrics">/metrics</a> for Prometheus, as text or OpenMetrics</li>
<li><a href="/health">/health</a> the verdicts of the health checks: status 200 for ok and warn, else 503</li>
</ul>
</body>
</html>
`;
