/**
 * The stages of a start, from exec to the end of the process: Node's boot, our modules, koffi, dlopen, nvmlInit,
 * attaching the GPUs, the first call, the write, the exit. Prints the median of so many runs, in milliseconds since
 * exec. Next to it are the runs of the same command that were not watched, and those of an empty file.
 *
 *   node bench/startup.js [--runs 20] [--nvsmi "node bin/nvsmi.js,/opt/node22/bin/node bin/nvsmi.js"] [--json]
 *                         [--nvml PATH] [-- ARGUMENTS]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '20' },
    nvsmi: { type: 'string', default: `${process.execPath} bin/nvsmi.js` },
    nvml: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const STAGES = fileURLToPath(new URL('stages.cjs', import.meta.url));
const EMPTY = fileURLToPath(new URL('empty.cjs', import.meta.url));
const DEFAULT =
  '--query-gpu=index,name,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw --format=csv';
const args = positionals.length > 0 ? positionals : DEFAULT.split(' ');
const source = values.nvml === undefined ? [] : ['--nvml', values.nvml];
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function run(command, options = '') {
  const start = process.hrtime.bigint();
  const { status, output } = spawnSync(command[0], command.slice(1), {
    env: { ...process.env, NODE_OPTIONS: options, NVSMI_BENCH_START: String(start) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  const gone = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${command.join(' ')}: exit status ${status}: ${output[1]}${output[2]}`);
  return { gone, told: output[3] === '' ? undefined : JSON.parse(output[3]) };
}

/** Stages of one run as a flat list of names with their begin and end. */
function flat({ gone, told: { begun, boot, stages, exit } }) {
  return [
    { stage: 'node: process', from: 0, to: boot.v8Start },
    { stage: 'node: V8', from: boot.v8Start, to: boot.environment },
    { stage: 'node: bootstrap', from: boot.environment, to: begun },
    ...stages,
    { stage: 'exit', from: exit, to: gone },
  ];
}

for (const nvsmi of values.nvsmi.split(',')) {
  const program = nvsmi.split(' ');
  const command = [...program, ...source, ...args];
  const isNode = program.length > 1;
  run(command);
  const runs = { watched: [], plain: [], empty: [] };
  for (let i = 0; i < Number(values.runs); i++) {
    runs.watched.push(run(command, `--require ${STAGES}`));
    runs.plain.push(run(command));
    if (isNode) runs.empty.push(run([program[0], EMPTY]));
  }
  const lists = runs.watched.map(flat);
  const names = [...new Set(lists.flatMap((list) => list.map(({ stage }) => stage)))];
  const stages = names.map((stage) => {
    const found = lists.flatMap((list) => list.filter((each) => each.stage === stage));
    return { stage, from: median(found.map(({ from }) => from)), to: median(found.map(({ to }) => to)) };
  });
  const whole = (list) => (list.length === 0 ? undefined : median(list.map(({ gone }) => gone)));
  const result = {
    nvsmi,
    node: isNode ? spawnSync(program[0], ['--version'], { encoding: 'utf8' }).stdout.trim() : 'inside',
    args,
    wholeMs: whole(runs.plain),
    watchedMs: whole(runs.watched),
    emptyMs: whole(runs.empty),
    stages: stages.sort((a, b) => a.from - b.from),
  };
  console.log(values.json ? JSON.stringify(result) : asText(result));
}

function asText({ nvsmi, node, wholeMs, watchedMs, emptyMs, stages }) {
  const ms = (number) => number.toFixed(1).padStart(6);
  const lines = stages.map(
    ({ stage, from, to }) => `  ${ms(from)} … ${ms(to)}  ${ms(to - from)} ms  ${stage}`,
  );
  const empty = emptyMs === undefined ? '' : `, an empty file ${emptyMs.toFixed(1)}`;
  return [
    `${nvsmi} (Node ${node})  ${args.join(' ').slice(0, 80)}`,
    ...lines,
    `  whole process ${wholeMs.toFixed(1)} ms (watched ${watchedMs.toFixed(1)})${empty}\n`,
  ].join('\n');
}
