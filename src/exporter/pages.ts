/** What is served: the metrics, the health of the machine, and what this is. */
import type { Collector } from './collector.js';
import { CONTENT_TYPE, formatAsked } from './exposition.js';
import type { MetricsText } from './metrics-text.js';
import type { HttpPage, HttpPages } from './server.js';

/** Whether the GPUs are healthy, and what is wrong with those that are not. */
export interface HealthPage {
  readonly verdict: 'healthy' | 'unhealthy' | 'unknown';
  readonly lines: readonly string[];
}

const PLAIN = 'text/plain; charset=utf-8';

const zips = (header: string | readonly string[] | undefined): boolean =>
  String(header ?? '')
    .split(',')
    .some((each) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(each));

export function pagesOf(
  metrics: MetricsText,
  collector: Collector,
  health: () => Promise<HealthPage>,
  about: string,
): HttpPages {
  return async (path, { headers }): Promise<HttpPage | undefined> => {
    switch (path) {
      case '/metrics': {
        const format = formatAsked(headers.accept);
        const type = CONTENT_TYPE[format];
        return zips(headers['accept-encoding'])
          ? {
              status: 200,
              type,
              body: await metrics.zipped(format),
              headers: { 'Content-Encoding': 'gzip', Vary: 'Accept, Accept-Encoding' },
            }
          : {
              status: 200,
              type,
              body: await metrics.plain(format),
              headers: { Vary: 'Accept, Accept-Encoding' },
            };
      }
      case '/health': {
        const stuck = collector.stuckSince;
        const { verdict, lines } =
          stuck === undefined
            ? await health()
            : { verdict: 'unknown', lines: [`NVML has not answered since ${new Date(stuck).toISOString()}`] };
        return {
          status: verdict === 'healthy' ? 200 : 503,
          type: PLAIN,
          body: [verdict, ...lines, ''].join('\n'),
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
<li><a href="/health">/health</a> the health of the GPUs: status 200 where all is well, else 503</li>
</ul>
</body>
</html>
`;
