/**
 * Memory of loops: what is left after a forced collection, second by second, at a thousand ticks a second. Prints how
 * much it grows per million ticks, which is eleven days of one tick a second; the first quarter is left out.
 *
 *   node bench/memory.js [--seconds 120] [--nvsmi "node bin/nvsmi.js"] [--gpus] [--nvml PATH] [--snapshots NAME,...]
 *
 * Loops on the recorded machines with 1, 2 and 8 GPUs, or with --gpus on those of this machine.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    nvsmi: { type: 'string', default: `${process.execPath} bin/nvsmi.js` },
    nvml: { type: 'string' },
    gpus: { type: 'boolean', default: false },
    snapshots: { type: 'string', default: 'h100-x1,h200-x2,hgx-h100-x8' },
  },
});

const COLLECT = fileURLToPath(new URL('collect.cjs', import.meta.url));
const COMMANDS = [
  '--query-gpu=index,name,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw --format=csv,noheader',
  '--query-gpu=timestamp,index,memory.used,utilization.gpu,ecc.errors.uncorrected.volatile.total,power.draw.instant --format=jsonl',
  '--query-compute-apps=pid,used_memory --format=csv,noheader',
];

function loop(args) {
  const [file, ...first] = values.nvsmi.split(' ');
  const child = spawn(file, [...first, ...args, '-lms', '1'], {
    env: { ...process.env, NODE_OPTIONS: `--require ${COLLECT}` },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  let lines = 0;
  let told = '';
  const samples = [];
  child.stdout.on('data', (chunk) => {
    for (const byte of chunk) if (byte === 10) lines++;
  });
  child.stdio[3].on('data', (chunk) => {
    told += chunk;
    for (let end = told.indexOf('\n'); end !== -1; end = told.indexOf('\n')) {
      samples.push(JSON.parse(told.slice(0, end)));
      told = told.slice(end + 1);
    }
  });
  setTimeout(() => child.kill('SIGINT'), Number(values.seconds) * 1000);
  return new Promise((resolve) => child.on('close', () => resolve({ lines, samples })));
}

/** Bytes a second, by least squares. */
function slope(points) {
  const mean = (list) => list.reduce((sum, each) => sum + each, 0) / list.length;
  const x = mean(points.map(([seconds]) => seconds));
  const y = mean(points.map(([, bytes]) => bytes));
  const top = points.reduce((sum, [seconds, bytes]) => sum + (seconds - x) * (bytes - y), 0);
  return top / points.reduce((sum, [seconds]) => sum + (seconds - x) ** 2, 0);
}

const mebibytes = (bytes) => Math.round((bytes / 2 ** 20) * 100) / 100;

const sources =
  values.nvml !== undefined
    ? [['--nvml', values.nvml]]
    : values.gpus
      ? [[]]
      : values.snapshots.split(',').map((name) => ['--snapshot', name]);

for (const source of sources) {
  for (const command of COMMANDS) {
    const { lines, samples } = await loop([...command.split(' '), ...source]);
    const settled = samples.slice(Math.floor(samples.length / 4));
    const left = ({ heapUsed, external }) => heapUsed + external;
    const perSecond = slope(settled.map((sample) => [sample.seconds, left(sample)]));
    console.log(
      JSON.stringify({
        source: source.join(' '),
        command: command.slice(0, 60),
        seconds: Number(values.seconds),
        lines,
        heapMiB: [settled[0], settled.at(-1)].map((sample) => mebibytes(left(sample))),
        residentMiB: [settled[0], settled.at(-1)].map(({ rss }) => mebibytes(rss)),
        // A thousand ticks a second.
        heapKiBPerMillionTicks: Math.round((perSecond * 1000) / 1024),
      }),
    );
  }
}
