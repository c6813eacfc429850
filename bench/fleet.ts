/**
 * What a real Prometheus takes for many exporters on one machine: each serves a recording of its own. No GPU needed; Prometheus is.
 *
 *   npx tsx bench/fleet.ts [--hosts 64] [--interval 15] [--minutes 4]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '64' },
    interval: { type: 'string', default: '15' },
    minutes: { type: 'string', default: '4' },
  },
});
const hosts = Number(values.hosts);
const MACHINES = [
  'hgx-h100-x8',
  'h200-x2',
  'a100-mig',
  'rtx-4090',
  'h100-x1',
  't4',
  'h200-x2-load',
  'lost-gpu',
];
const FIRST_PORT = 21_000;
const TICKS = 100;

const folder = mkdtempSync(join(tmpdir(), 'nvsmi-bench-'));
const children: ChildProcess[] = [];
const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(stat[11]) + Number(stat[12])) / TICKS;
};
const mebibytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const size = (path: string): number =>
  readdirSync(path, { withFileTypes: true }).reduce(
    (sum, each) =>
      sum + (each.isDirectory() ? size(join(path, each.name)) : statSync(join(path, each.name)).size),
    0,
  );

const ports = Array.from({ length: hosts }, (_, i) => FIRST_PORT + i);
for (const [i, port] of ports.entries()) {
  const machine = MACHINES[i % MACHINES.length] ?? '';
  const argv = [
    'bin/nvsmi.js',
    '--snapshot',
    machine,
    'exporter',
    '--listen',
    `127.0.0.1:${port}`,
    '-l',
    values.interval,
  ];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  // One starts after the other: two processors would otherwise be busy with starting alone.
  await new Promise<void>((resolve) => child.stderr?.once('data', () => resolve()));
}
const config = join(folder, 'prometheus.yml');
writeFileSync(
  config,
  JSON.stringify({
    global: { scrape_interval: `${values.interval}s`, evaluation_interval: '30s' },
    rule_files: ['alerts.yml', 'recording.yml'].map((name) => join(process.cwd(), 'deploy/prometheus', name)),
    scrape_configs: [
      { job_name: 'gpu', static_configs: [{ targets: ports.map((port) => `127.0.0.1:${port}`) }] },
    ],
  }),
);
const data = join(folder, 'data');
const url = 'http://127.0.0.1:20999';
const prometheus = spawn(
  'prometheus',
  [
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    '--web.listen-address=127.0.0.1:20999',
    '--log.level=error',
  ],
  { stdio: 'ignore' },
);
children.push(prometheus);
const pid = prometheus.pid ?? 0;

async function number(query: string): Promise<number> {
  const body = new URLSearchParams({ query });
  const json = (await (await fetch(`${url}/api/v1/query`, { method: 'POST', body })).json()) as {
    data: { result: { value: [number, string] }[] };
  };
  return Number(json.data.result[0]?.value[1]);
}
/** A metric of Prometheus itself, which it does not scrape here. */
async function own(name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
}

await pause(60);
const began = {
  at: performance.now(),
  cpu: cpuSeconds(pid),
  exporters: children.slice(0, hosts).map(({ pid: one = 0 }) => cpuSeconds(one)),
};
await pause(Number(values.minutes) * 60);
const seconds = (performance.now() - began.at) / 1000;
const series = await own('prometheus_tsdb_head_series');
const rate = (await number('sum(scrape_samples_scraped)')) / Number(values.interval);
const gpus = await number('count(nvsmi_gpu_info)');
console.log(
  `${hosts} exporters, ${gpus} GPUs, scraped every ${values.interval} s: ${await number('count(up == 1)')} up, ${series} series with those of the rules, ${Math.round(rate)} samples a second`,
);
console.log(
  `a scrape: mean ${((await number('avg(scrape_duration_seconds)')) * 1000).toFixed(0)} ms, at most ${((await number('max(max_over_time(scrape_duration_seconds[3m]))')) * 1000).toFixed(0)} ms`,
);
console.log(
  `Prometheus: ${mebibytes(pid).toFixed(0)} MiB resident, ${((mebibytes(pid) * 1024) / series).toFixed(1)} KiB a series; ${(((cpuSeconds(pid) - began.cpu) / seconds) * 100).toFixed(1)} % of a processor`,
);
const samples = await own('prometheus_tsdb_head_samples_appended_total');
console.log(
  `write-ahead log: ${(size(join(data, 'wal')) / 2 ** 20).toFixed(1)} MiB, ${(size(join(data, 'wal')) / samples).toFixed(2)} bytes a sample`,
);
const rules = await own('prometheus_rule_group_last_duration_seconds');
console.log(`the rules take ${(rules * 1000).toFixed(0)} ms every 30 s`);
const used = children
  .slice(0, hosts)
  .map(({ pid: one = 0 }, i) => ((cpuSeconds(one) - (began.exporters[i] ?? 0)) / seconds) * 100);
console.log(
  `an exporter: mean ${(used.reduce((sum, one) => sum + one, 0) / hosts).toFixed(2)} % of a processor, ${(children.slice(0, hosts).reduce((sum, { pid: one = 0 }) => sum + mebibytes(one), 0) / hosts).toFixed(0)} MiB`,
);
for (const child of children) child.kill('SIGKILL');
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
