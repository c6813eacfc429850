/**
 * What `--timeout` costs: whole processes with it and without in turn, in milliseconds. Without a GPU name a made-up machine:
 *
 *   node bench/timeout.js [--runs 21] [--nvsmi dist/nvsmi-linux-x64] [--nvml PATH]
 */
import './as-bun.js';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '21' },
    nvsmi: { type: 'string', default: 'dist/nvsmi-linux-x64' },
    nvml: { type: 'string' },
  },
});

const LINES = {
  '8 fields':
    '--query-gpu=index,name,temperature.gpu,utilization.gpu,memory.used,memory.total,power.draw,pstate --format=csv',
  summary: '',
  '-q': '-q',
};

const [file, ...first] = values.nvsmi.split(' ');
const source = values.nvml === undefined ? [] : ['--nvml', values.nvml];

function time(args) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(file, [...first, ...source, ...args], { encoding: 'utf8' });
  const wall = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')}: exit status ${status}: ${stderr}`);
  return wall;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

for (const [name, line] of Object.entries(LINES)) {
  const args = line.split(' ').filter(Boolean);
  const without = [];
  const within = [];
  time(args);
  time(['--timeout', '60', ...args]);
  for (let i = 0; i < Number(values.runs); i++) {
    without.push(time(args));
    within.push(time(['--timeout', '60', ...args]));
  }
  const differences = within.map((wall, i) => wall - without[i]);
  const [plain, timed, more] = [without, within, differences].map((list) => median(list).toFixed(1));
  console.log(
    `${name.padEnd(9)} without ${plain} ms   with ${timed} ms   median of the differences ${more} ms`,
  );
}
