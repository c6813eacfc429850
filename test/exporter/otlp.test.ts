import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Collector } from '../../src/exporter/collector.js';
import { metricsUrl, pushTo } from '../../src/exporter/otlp.js';
import { QueueingExporter } from '../../src/exporter/otlp-queue.js';
import { collectedFrom } from './collected.js';
import { startExporter } from './program.js';
import { until } from './prometheus.js';
import { type Push, pushIn } from './protobuf.js';

interface Receiver {
  readonly url: string;
  readonly pushes: Push[];
  readonly asked: { readonly path: string; readonly header: string | undefined }[];
  /** The status that it answers with. */
  status: number;
}

async function receiver(status = 200): Promise<Receiver> {
  const server = createServer(async (request: IncomingMessage, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    own.asked.push({ path: request.url ?? '', header: request.headers['x-made-up'] as string | undefined });
    if (own.status === 200)
      own.pushes.push(pushIn(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body));
    response.writeHead(own.status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const own: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pushes: [],
    asked: [],
    status,
  };
  return own;
}

const collectorOf = async (machine: string): Promise<Collector> => ({
  latest: await collectedFrom(machine),
  health: undefined,
  checksHealth: false,
  stuckSince: undefined,
  errors: new Map(),
  collections: 1,
  stop: () => undefined,
});

const options = { version: '0.1.0', hostname: 'node-1', period: 100, report: () => undefined };

afterEach(() => vi.unstubAllEnvs());

describe('a push to OpenTelemetry', () => {
  it('has the names, units and attributes of the conventions for hardware, and ours for the rest', async () => {
    const to = await receiver();
    const pusher = pushTo({ ...options, url: to.url }, await collectorOf('hgx-h100-x8'));
    await until('a push', async () => to.pushes.length > 0);
    await pusher.stop();
    const [push] = to.pushes;
    expect(push?.resource).toMatchObject({ 'service.name': 'nvsmi', 'host.name': 'node-1' });
    const metric = (name: string) => push?.metrics.find((each) => each.name === name);
    const first = (name: string) => metric(name)?.points[0];
    expect(metric('hw.power')).toMatchObject({ unit: 'W', isMonotonic: false });
    expect(metric('hw.power')?.points).toHaveLength(8);
    expect(first('hw.power')).toEqual({
      value: 697.533,
      attributes: {
        'hw.id': 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000',
        'hw.type': 'gpu',
        'hw.vendor': 'NVIDIA',
        'hw.model': 'NVIDIA H100 80GB HBM3',
        'hw.serial_number': '1650000000001',
        'hw.driver_version': '580.159.04',
        gpu: '0',
      },
    });
    expect(metric('hw.energy')).toMatchObject({ unit: 'J', isMonotonic: true });
    expect(metric('hw.gpu.utilization')?.unit).toBe('1');
    const tasks = new Set(
      metric('hw.gpu.utilization')?.points.map(({ attributes }) => attributes['hw.gpu.task']),
    );
    expect(tasks).toEqual(new Set(['general', 'encoder', 'decoder']));
    expect(metric('nvsmi_clocks_current_sm_hertz')?.unit).toBe('Hz');
    expect(first('nvsmi_nvlink_active')?.attributes).toMatchObject({ link: '0', gpu: '0' });
    expect(metric('nvsmi_fan_speed_ratio') ?? metric('hw.fan.speed_ratio')).toBeUndefined();
  });

  it('honors the environment variables of OpenTelemetry', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-made-up=yes');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment=test,service.name=ours');
    const to = await receiver();
    const pusher = pushTo({ ...options, url: to.url }, await collectorOf('t4'));
    await until('a push', async () => to.pushes.length > 0);
    await pusher.stop();
    expect(to.asked[0]).toEqual({ path: '/v1/metrics', header: 'yes' });
    expect(to.pushes[0]?.resource).toMatchObject({
      'deployment.environment': 'test',
      'service.name': 'ours',
    });
  });

  it('goes to a path of its own where the URL has one', () => {
    expect(metricsUrl('http://a:4318')).toBe('http://a:4318/v1/metrics');
    expect(metricsUrl('http://a:4318/')).toBe('http://a:4318/v1/metrics');
    expect(metricsUrl('https://a/otlp/v1/metrics')).toBe('https://a/otlp/v1/metrics');
  });

  it('keeps what a collector that is away did not take, and says so once', { timeout: 30_000 }, async () => {
    const to = await receiver(400);
    const said: string[] = [];
    const report = (text: string): void => void said.push(text);
    const pusher = pushTo({ ...options, url: to.url, report }, await collectorOf('t4'));
    await until('several attempts', async () => to.asked.length >= 4);
    expect(said).toEqual([expect.stringMatching(/^OpenTelemetry takes no metrics: /)]);
    const kept = to.asked.length;
    to.status = 200;
    await until('what was kept', async () => to.pushes.length >= kept);
    await pusher.stop();
    expect(said.slice(1)).toEqual(['OpenTelemetry takes metrics again']);
  });
});

describe('the queue', () => {
  it('forgets the oldest when it is full, and says how many', async () => {
    let isAway = true;
    const taken: unknown[] = [];
    const said: string[] = [];
    const queue = new QueueingExporter(
      {
        export: (metrics, done) => {
          if (!isAway) taken.push(metrics);
          done(isAway ? { code: 1, error: new Error('away') } : { code: 0 });
        },
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      },
      (text) => void said.push(text),
      3,
    );
    for (const each of [1, 2, 3, 4, 5]) {
      queue.export(each as never, () => undefined);
      await new Promise(setImmediate);
    }
    isAway = false;
    await queue.forceFlush();
    expect(taken).toEqual([3, 4, 5]);
    expect(said).toEqual([
      'OpenTelemetry takes no metrics: away',
      'OpenTelemetry takes metrics again; 2 collections were lost',
    ]);
  });
});

describe('the exporter as a program', () => {
  it('pushes, and serves beside it where it is asked to', { timeout: 60_000 }, async () => {
    const to = await receiver();
    const one = await startExporter(['--snapshot', 't4', '--otlp', to.url, '-l', '0.5']);
    onTestFinished(() => {
      one.child.kill('SIGKILL');
    });
    await until('two pushes', async () => to.pushes.length >= 2);
    expect(await one.get('/metrics')).toContain('nvsmi_power_draw_watts');
    expect(one.said()).toContain(`nvsmi: pushing to ${to.url}\n`);
  });
});
