/**
 * What the exporter costs: processor time and memory of a second with a collection and a scrape, and of a scrape alone, on eight
 * recorded H100s that a compiled library answers for at once. The driver's own time comes on top. No GPU needed.
 *
 *   npx tsx bench/exporter.ts [--seconds 30] [--scrapes 5000] [--names nvsmi] [--options="--processes"] [--nvsmi "node bin/nvsmi.js"]
 *
 * Where wrk is installed it scrapes, too: the client above shares its processor with the exporter, and is the slower of the two.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { openSnapshot } from '../src/snapshot/machine.js';
import { buildFake } from '../test/fake-nvml/build.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    scrapes: { type: 'string', default: '5000' },
    names: { type: 'string', default: 'nvsmi' },
    options: { type: 'string', default: '' },
    nvsmi: { type: 'string', default: `${process.execPath} bin/nvsmi.js` },
    port: { type: 'string', default: '19835' },
  },
});

const TICKS = 100;
/** Connections that scrape at a time. */
const AT_ONCE = 20;

const stat = (pid: number): readonly string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
/** Milliseconds of processor time, in the program and in the kernel. */
const cpu = (pid: number): number => ((Number(stat(pid)[11]) + Number(stat(pid)[12])) * 1000) / TICKS;
const status = (pid: number, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) /
  1024;

function childOf(parent: number): number | undefined {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .find((pid) => {
      try {
        return Number(stat(pid)[1]) === parent;
      } catch {
        return false;
      }
    });
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

function scrape(): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'Accept-Encoding': 'gzip', Accept: 'application/openmetrics-text;version=1.0.0' };
    get({ host: '127.0.0.1', port: Number(values.port), path: '/metrics', headers, agent }, (response) => {
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
      });
      response.on('end', () => resolve(bytes));
    }).on('error', reject);
  });
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

const fake = await buildFake();
const { path } = fake.with({ snapshot: openSnapshot('hgx-h100-x8').snapshot, log: false });
const [program = '', ...first] = values.nvsmi.split(' ');
const argv = [
  ...first,
  'exporter',
  '--listen',
  `127.0.0.1:${values.port}`,
  '-l',
  '1',
  '--names',
  values.names,
  ...values.options.split(' ').filter((word) => word !== ''),
];
const exporter: ChildProcess = spawn(program, argv, {
  env: { ...process.env, NVSMI_NVML: path },
  stdio: 'ignore',
});
const pid = exporter.pid ?? 0;
for (let tries = 0; (await scrape().catch(() => 0)) === 0; tries++) {
  if (tries > 200) throw new Error('the exporter does not answer');
  await pause(100);
}
await pause(5000);
const child = childOf(pid) ?? 0;
const text = await (await fetch(`http://127.0.0.1:${values.port}/metrics`)).text();
const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
console.log(
  `${values.nvsmi}, ${values.names} ${values.options}: ${series} series, ${text.length} bytes, ${await scrape()} with gzip`,
);
console.log(`${cpus().length} x ${cpus()[0]?.model}`);

const before = { parent: cpu(pid), child: cpu(child), at: performance.now() };
for (let second = 0; second < Number(values.seconds); second++) {
  await pause(1000);
  await scrape();
}
const seconds = (performance.now() - before.at) / 1000;
const share = (used: number): string => `${(used / seconds / 10).toFixed(1)} %`;
console.log(
  `a collection and a scrape a second: serving ${share(cpu(pid) - before.parent)} of a processor, collecting ${share(cpu(child) - before.child)}`,
);

const total = Number(values.scrapes);
const began = { parent: cpu(pid), at: performance.now() };
let left = total;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) await scrape();
  }),
);
const took = (performance.now() - began.at) / 1000;
console.log(
  `${total} scrapes, ${AT_ONCE} at a time: ${Math.round(total / took)} a second, ${((cpu(pid) - began.parent) / total).toFixed(3)} ms of a processor each`,
);
const hasWrk = spawnSync('wrk', ['--version']).error === undefined;
for (const coding of hasWrk ? ['gzip', 'identity'] : []) {
  const seconds = 10;
  const before = cpu(pid);
  const headers = ['Accept: application/openmetrics-text;version=1.0.0', `Accept-Encoding: ${coding}`];
  const wrk = spawn('wrk', [
    '-t1',
    `-c${AT_ONCE}`,
    `-d${seconds}s`,
    '--latency',
    ...headers.flatMap((header) => ['-H', header]),
    `http://127.0.0.1:${values.port}/metrics`,
  ]);
  let said = '';
  for await (const piece of wrk.stdout) said += piece;
  const requests = Number(/(\d+) requests in/.exec(said)?.[1]);
  const latency = ['50%', '99%'].map((part) => `${part} ${new RegExp(`${part}\\s+(\\S+)`).exec(said)?.[1]}`);
  const failed = /Non-2xx.*|Socket errors.*/.exec(said)?.[0] ?? 'none failed';
  console.log(
    `wrk, ${coding}, ${AT_ONCE} at a time, ${seconds} s: ${Math.round(requests / seconds)} a second (${latency.join(', ')}; ${failed}), ${((cpu(pid) - before) / requests).toFixed(3)} ms of a processor each`,
  );
}
const memory = (name: string): string =>
  `${status(pid, name).toFixed(0)} + ${status(child, name).toFixed(0)} MiB`;
console.log(`memory, serving + collecting: ${memory('VmRSS')}, at most ${memory('VmHWM')}`);
exporter.kill();
process.exit(0);
