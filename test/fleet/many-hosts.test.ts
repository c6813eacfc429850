import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { dcgmDialect } from '../../src/exporter/dialects/dcgm.js';
import type { Dialect } from '../../src/exporter/dialects/dialect.js';
import { nvidiaSmiDialect } from '../../src/exporter/dialects/nvidia-smi.js';
import { nvsmiDialect } from '../../src/exporter/dialects/nvsmi.js';
import { exposition } from '../../src/exporter/exposition.js';
import { collectedFrom } from '../exporter/collected.js';
import { hasPrometheus, type Prometheus, startPrometheus, until } from '../exporter/prometheus.js';
import { FakeIo } from '../fake-io.js';

const HOSTS = 64;
const GPUS = 8;

const FIELDS = new Set([
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
  'index',
]);

/** Every host speaks one of the three dialects. */
const DIALECTS: readonly Dialect[] = [
  nvsmiDialect(['gpu', 'uuid'], ''),
  nvidiaSmiDialect(false),
  dcgmDialect(''),
];

describe.skipIf(!hasPrometheus)('a fleet of 64 hosts in a real Prometheus', { timeout: 120_000 }, () => {
  let prometheus: Prometheus;
  const servers: Server[] = [];

  beforeAll(async () => {
    const wish = { has: (field: string) => FIELDS.has(field), processes: false, pcieThroughput: false };
    const collected = await collectedFrom('hgx-h100-x8', wish);
    const texts = await Promise.all(DIALECTS.map((dialect) => exposition(dialect.fold(collected), 'text')));
    for (let host = 0; host < HOSTS; host++) {
      // Each host has GPUs of its own.
      const text = texts[host % texts.length]?.replaceAll('a0b1c2d', `${String(host).padStart(6, '0')}d`);
      const server = createServer((_, response) => {
        response.setHeader('Content-Type', 'text/plain; version=0.0.4');
        response.end(text);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      servers.push(server);
    }
    prometheus = await startPrometheus({
      gpu: servers.map((server) => (server.address() as AddressInfo).port),
    });
    await until('all hosts', async () => (await prometheus.query('up == 1')).length === HOSTS);
  }, 120_000);
  afterAll(() => {
    prometheus?.stop();
    for (const server of servers) server.close();
  });

  const fleet = async (...argv: readonly string[]): Promise<{ status: number; out: string }> => {
    const io = new FakeIo();
    const status = await main(['fleet', '--prometheus', prometheus.url, ...argv], io);
    return { status, out: io.output };
  };

  it('shows each GPU once, whatever its host speaks', async () => {
    const { status, out } = await fleet();
    expect(status).toBe(0);
    const states = `${2 * HOSTS} free, ${5 * HOSTS} busy, ${HOSTS} held`;
    expect(out.trimEnd().split('\n').at(-1)).toBe(`${HOSTS * GPUS} GPUs on ${HOSTS} hosts: ${states}`);
  });

  it('answers the same of each host', async () => {
    const { out } = await fleet(
      '--query-gpu=index,name,memory.used,power.draw,temperature.gpu',
      '--format=csv,noheader',
    );
    const byHost = new Map<string, string[]>();
    for (const line of out.trimEnd().split('\n')) {
      const [host = '', ...cells] = line.split(', ');
      byHost.set(host, [...(byHost.get(host) ?? []), cells.join(', ')]);
    }
    expect(byHost.size).toBe(HOSTS);
    expect(new Set([...byHost.values()].map((lines) => lines.join('\n'))).size).toBe(1);
  });

  it('names the hosts that stopped', async () => {
    for (const server of servers.slice(0, 3)) {
      server.closeAllConnections();
      server.close();
    }
    await until('their end', async () => (await prometheus.query('up == 0')).length === 3);
    const { status, out } = await fleet();
    expect(status).toBe(5);
    expect(out.match(/: has no values now, but had some within 1h$/gm)).toHaveLength(3);
    expect(out).toContain(`on ${HOSTS - 3} hosts: `);
    expect(out.trimEnd()).toMatch(/; 3 hosts without an answer$/);
  });
});
