/**
 * Whole processes, interleaved: nvidia-smi and nvsmi take turns on the same command lines, so that both see the
 * same machine. Prints medians in milliseconds and their ratio; `--json` prints every run.
 *
 *   node bench/oneshot.js [--runs 15] [--nvsmi "node bin/nvsmi.js"] [--json]
 */
import './as-bun.js';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    real: { type: 'string', default: 'nvidia-smi' },
    nvsmi: { type: 'string', default: 'node bin/nvsmi.js' },
    json: { type: 'boolean', default: false },
    list: { type: 'string', default: 'bench/oneshot.txt' },
  },
});

const cases = readFileSync(values.list, 'utf8').split('\n').filter(Boolean);
const runs = Number(values.runs);

function time(command, args) {
  const [file, ...first] = command.split(' ');
  const start = process.hrtime.bigint();
  const result = spawnSync(file, [...first, ...args.split(' ').filter(Boolean)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e6;
  if (result.status !== 0)
    throw new Error(`${command} ${args}: exit status ${result.status}: ${result.stdout}${result.stderr}`);
  return wall;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

for (const line of cases) {
  const [name, args = ''] = line.split('\t');
  const real = [];
  const ours = [];
  time(values.real, args);
  time(values.nvsmi, args);
  for (let i = 0; i < runs; i++) {
    real.push(time(values.real, args));
    ours.push(time(values.nvsmi, args));
  }
  const result = {
    name,
    args,
    realMs: median(real),
    oursMs: median(ours),
    ratio: median(ours) / median(real),
  };
  if (values.json) console.log(JSON.stringify({ ...result, real, ours }));
  else {
    const cells = [result.realMs.toFixed(1), result.oursMs.toFixed(1), result.ratio.toFixed(2)];
    console.log(
      `${name.padEnd(14)} nvidia-smi ${cells[0].padStart(7)} ms   nvsmi ${cells[1].padStart(7)} ms   ratio ${cells[2]}`,
    );
  }
}
