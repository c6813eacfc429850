/**
 * The stages of a start, from exec to the end of the process: Node's boot, our modules, koffi, dlopen, nvmlInit,
 * attaching the GPUs, the first call, the write, the exit. Prints the median of so many runs, in milliseconds since
 * exec, and for comparison how long `node` needs for an empty file.
 *
 *   node bench/startup.js [--runs 20] [--node node,/opt/node22/bin/node] [--nvml PATH] [--json] [-- ARGUMENTS]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '20' },
    node: { type: 'string', default: process.execPath },
    launcher: { type: 'string', default: fileURLToPath(new URL('../bin/nvsmi.js', import.meta.url)) },
    nvml: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const STAGES = fileURLToPath(new URL('stages.cjs', import.meta.url));
const EMPTY = fileURLToPath(new URL('empty.cjs', import.meta.url));
const args = positionals.length > 0 ? positionals : ['--query-gpu=name,uuid,memory.used', '--format=csv'];
const source = values.nvml === undefined ? [] : ['--nvml', values.nvml];
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function run(node, command) {
  const start = process.hrtime.bigint();
  const { status, output } = spawnSync(node, command, {
    env: { ...process.env, NVSMI_BENCH_START: String(start) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  const gone = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0)
    throw new Error(`${node} ${command.join(' ')}: exit status ${status}: ${output[1]}${output[2]}`);
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

for (const node of values.node.split(',')) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const watched = ['--require', STAGES, values.launcher, ...source, ...args];
  const plain = [values.launcher, ...source, ...args];
  run(node, plain);
  const runs = { watched: [], plain: [], empty: [] };
  for (let i = 0; i < Number(values.runs); i++) {
    runs.watched.push(run(node, watched));
    runs.plain.push(run(node, plain));
    runs.empty.push(run(node, [EMPTY]));
  }
  const lists = runs.watched.map(flat);
  const names = [...new Set(lists.flatMap((list) => list.map(({ stage }) => stage)))];
  const rows = names.map((stage) => {
    const found = lists.flatMap((list) => list.filter((each) => each.stage === stage));
    return { stage, from: median(found.map(({ from }) => from)), to: median(found.map(({ to }) => to)) };
  });
  const whole = (list) => median(list.map(({ gone }) => gone));
  const result = {
    node: version,
    args,
    wholeMs: whole(runs.plain),
    watchedMs: whole(runs.watched),
    emptyMs: whole(runs.empty),
    stages: rows,
  };
  if (values.json) {
    console.log(JSON.stringify(result));
    continue;
  }
  console.log(`${version}  ${args.join(' ').slice(0, 100)}`);
  for (const { stage, from, to } of rows.sort((a, b) => a.from - b.from)) {
    console.log(
      `  ${from.toFixed(1).padStart(6)} … ${to.toFixed(1).padStart(6)}  ${(to - from).toFixed(1).padStart(6)} ms  ${stage}`,
    );
  }
  console.log(
    `  whole process ${result.wholeMs.toFixed(1)} ms (watched ${result.watchedMs.toFixed(1)}), an empty file ${result.emptyMs.toFixed(1)}\n`,
  );
}
