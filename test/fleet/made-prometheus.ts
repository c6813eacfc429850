/** A server that speaks Prometheus' API: it answers from given samples, or badly. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { SeriesSample } from '../../src/fleet/prometheus.js';

export interface Asked {
  readonly query: string;
  readonly time: string | null;
  readonly authorization: string | undefined;
}

export type Answer = (asked: Asked, response: ServerResponse) => void;

/** Starts it; returns its URL. */
export async function madePrometheus(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const form = new URLSearchParams(body);
      const { authorization } = request.headers;
      answer({ query: form.get('query') ?? '', time: form.get('time'), authorization }, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of request) body += piece;
  return body;
}

export const vector = (samples: readonly SeriesSample[]): string =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: samples.map(({ metric, value }) => ({ metric, value: [1_795_000_000, String(value)] })),
    },
  });

export const sample = (
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
): SeriesSample => ({
  metric: { __name__: name, job: 'gpu', ...labels },
  value,
});

/** Answers the names that a query asks for, the hosts of the last hour, and how long ago hosts were scraped. */
export const answering =
  (
    samples: readonly SeriesSample[],
    remembered: readonly SeriesSample[] = [],
    scraped: readonly SeriesSample[] = [],
  ): Answer =>
  ({ query }, response) => {
    if (query.startsWith('group by')) return void response.end(vector(remembered));
    if (query.startsWith('max by')) return void response.end(vector(scraped));
    const failed = query.includes(' or nvsmi_health_check_status == 2') ? ['nvsmi_health_check_status'] : [];
    const names = /__name__=~"([^"]*)"/.exec(query)?.[1]?.split('|') ?? [];
    response.end(
      vector(samples.filter(({ metric }) => [...names, ...failed].includes(metric.__name__ ?? ''))),
    );
  };
