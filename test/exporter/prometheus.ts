/** A real Prometheus of its own, on a free port of the loopback, where it is installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

export const hasPrometheus = isInstalled('prometheus');
export const hasPromtool = isInstalled('promtool');

export interface Vector {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface Prometheus {
  readonly url: string;
  query(expression: string): Promise<readonly Vector[]>;
  stop(): void;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until something holds. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  milliseconds = 30_000,
): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > end) throw new Error(`waited ${milliseconds} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Starts it on these targets, by the name of their job, and waits until it has scraped each of them. */
export async function startPrometheus(
  jobs: Readonly<Record<string, readonly number[]>>,
  rules: readonly string[] = [],
): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '2s', evaluation_interval: '1s' },
      rule_files: rules,
      scrape_configs: Object.entries(jobs).map(([job, ports]) => ({
        job_name: job,
        static_configs: [{ targets: ports.map((port) => `127.0.0.1:${port}`) }],
      })),
    }),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child: ChildProcess = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const stop = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const query = async (expression: string): Promise<readonly Vector[]> => {
    const body = new URLSearchParams({ query: expression });
    const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body });
    const json = (await response.json()) as { status: string; error?: string; data: { result: Vector[] } };
    if (json.status !== 'success') throw new Error(`${expression}: ${json.error}`);
    return json.data.result;
  };
  const targets = Object.values(jobs).flat().length;
  await until(
    'Prometheus and its targets',
    async () => (await query('up == 1')).length === targets,
    90_000,
  ).catch((error) => {
    stop();
    throw error;
  });
  return { url, query, stop };
}
