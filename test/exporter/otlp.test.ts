import { spawnSync } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Finding, fail, ok } from '../../src/base/verdict.js';
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
  /** The same as bytes. */
  readonly bodies: Buffer[];
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
    if (own.status === 200) {
      const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      own.bodies.push(plain);
      own.pushes.push(pushIn(plain));
    }
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
    bodies: [],
    asked: [],
    status,
  };
  return own;
}

const collectorOf = async (machine: string, findings?: readonly Finding[]): Promise<Collector> => ({
  latest: await collectedFrom(machine),
  health:
    findings === undefined
      ? undefined
      : { at: Date.now(), tookMs: 1, period: 60_000, findings, notApplicable: [] },
  checksHealth: findings !== undefined,
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

  it('has sums where the conventions have them, the health of each GPU, and the state of the exporter', async () => {
    const to = await receiver();
    const findings: readonly Finding[] = [
      { check: 'row-remap', gpu: 0, ...ok('No row is remapped.') },
      { check: 'row-remap', gpu: 1, ...fail('A row could not be remapped.', 'Replace it.') },
    ];
    const pusher = pushTo({ ...options, url: to.url }, await collectorOf('h200-x2', findings));
    await until('a push', async () => to.pushes.length > 0);
    await pusher.stop();
    const points = (name: string) => to.pushes[0]?.metrics.find((each) => each.name === name)?.points ?? [];
    const states = points('hw.status').map(({ value, attributes }) => [
      attributes.gpu,
      attributes['hw.state'],
      value,
    ]);
    expect(states).toEqual([
      ['0', 'ok', 1],
      ['0', 'degraded', 0],
      ['0', 'failed', 0],
      ['1', 'ok', 0],
      ['1', 'degraded', 0],
      ['1', 'failed', 1],
    ]);
    expect(points('nvsmi_health_check_status').map(({ value }) => value)).toEqual([0, 2]);
    expect(points('nvsmi_exporter_up')).toEqual([{ value: 1, attributes: {} }]);
    const kindOf = (name: string) => to.pushes[0]?.metrics.find((each) => each.name === name)?.kind;
    expect(['hw.gpu.memory.usage', 'hw.status', 'hw.power', 'hw.energy'].map(kindOf)).toEqual([
      'sum',
      'sum',
      'gauge',
      'sum',
    ]);
  });

  const READER = `
import sys, json
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
request = ExportMetricsServiceRequest()
request.ParseFromString(sys.stdin.buffer.read())
[resource] = request.resource_metrics
found = {}
for scope in resource.scope_metrics:
    for metric in scope.metrics:
        data = getattr(metric, metric.WhichOneof('data'))
        found[metric.name] = sorted(
            (getattr(p, p.WhichOneof('value')), sorted((a.key, a.value.string_value) for a in p.attributes))
            for p in data.data_points)
print(json.dumps(found))
`;
  const hasPackage =
    spawnSync('python3', ['-c', 'import opentelemetry.proto.collector.metrics.v1']).status === 0;
  it.skipIf(!hasPackage)(
    'is read the same by the package that OpenTelemetry publishes for its protocol',
    { timeout: 60_000 },
    async () => {
      const to = await receiver();
      const findings: readonly Finding[] = [{ check: 'row-remap', gpu: 0, ...ok('No row is remapped.') }];
      const pusher = pushTo(
        { ...options, period: 1000, url: to.url },
        await collectorOf('h200-x2', findings),
      );
      await until('a push', async () => to.bodies.length > 0);
      await pusher.stop();
      const { stdout, stderr } = spawnSync('python3', ['-c', READER], {
        input: to.bodies[0],
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });
      expect(stderr).toBe('');
      const theirs = JSON.parse(stdout) as Record<string, [number, [string, string][]][]>;
      const text = (each: unknown): string => JSON.stringify(each);
      // A name may be that of several instruments, each with points of its own.
      const ours = new Map<string, string[]>();
      for (const { name, points } of to.pushes[0]?.metrics ?? []) {
        const all = points.map(({ value, attributes }) =>
          text([value, Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))]),
        );
        ours.set(name, [...(ours.get(name) ?? []), ...all]);
      }
      expect(Object.keys(theirs).sort()).toEqual([...ours.keys()].sort());
      for (const [name, points] of Object.entries(theirs)) {
        expect(new Set(points.map(text)), name).toEqual(new Set(ours.get(name)));
      }
    },
  );

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
