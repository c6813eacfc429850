/**
 * What whole processes do when, of nvidia-smi and nvsmi in turn: stages.c is compiled and loaded before them. Medians, in
 * milliseconds since the start; `whole` is without stages.c, and `gone` with it, when the process has ended.
 *
 *   node bench/stages.js [--runs 15] [--programs "nvidia-smi,dist/nvsmi-linux-x64"] [-- ARGUMENTS]
 */
import './as-bun.js';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '15' },
    programs: { type: 'string', default: 'nvidia-smi,dist/nvsmi-linux-x64' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'nvsmi-stages-'));
const library = join(folder, 'stages.so');
const source = fileURLToPath(new URL('stages.c', import.meta.url));
const compiled = spawnSync(process.env.CC || 'cc', [
  '-O2',
  '-shared',
  '-fPIC',
  '-o',
  library,
  source,
  '-ldl',
]);
if (compiled.status !== 0) throw new Error(`no C compiler: ${compiled.error ?? compiled.stderr}`);

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function run(program, env) {
  const [file, ...first] = program.split(' ');
  // The clock of the process that is started is another one; both know the time of day.
  const start = performance.timeOrigin + performance.now();
  const { status, stderr } = spawnSync(file, [...first, ...positionals], {
    env: { ...process.env, ...env, NVSMI_BENCH_START: start.toFixed(6) },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program} ${positionals.join(' ')}: exit status ${status}: ${stderr}`);
  return performance.timeOrigin + performance.now() - start;
}

const programs = values.programs.split(',');
const taken = programs.map((_, i) => ({ stages: join(folder, `stages-${i}`), whole: [], gone: [] }));
try {
  for (const program of programs) run(program);
  for (let i = 0; i < Number(values.runs); i++) {
    for (const [index, program] of programs.entries()) {
      const { stages, whole, gone } = taken[index];
      whole.push(run(program));
      gone.push(run(program, { LD_PRELOAD: library, NVSMI_BENCH_STAGES: stages }));
    }
  }
  for (const [index, program] of programs.entries()) {
    const { stages, whole, gone } = taken[index];
    const lines = readFileSync(stages, 'utf8').trim().split('\n').map(JSON.parse);
    const names = Object.keys(lines[0]);
    const medians = Object.fromEntries(names.map((name) => [name, median(lines.map((line) => line[name]))]));
    const args = positionals.join(' ');
    console.log(JSON.stringify({ program, args, ...medians, gone: median(gone), whole: median(whole) }));
  }
} finally {
  rmSync(folder, { recursive: true });
}
