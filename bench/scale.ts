/**
 * How the time of one run grows with the GPUs: whole processes on made-up machines of 1, 2, 4, 8 and 16 H100s, whose
 * calls take as long as those of a real one, and one after the other where the driver has a lock (fake-machine.ts). Next to
 * it is the sum of the same delays: the least that a program takes that asks one GPU after the other.
 *
 *   npx tsx bench/scale.ts [--runs 15] [--nvsmi "node bin/nvsmi.js"] [--gpus 1,2,4,8,16] [--json]
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { delays, fakeMachine } from './fake-machine.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    nvsmi: { type: 'string', default: `${process.execPath} bin/nvsmi.js` },
    gpus: { type: 'string', default: '1,2,4,8,16' },
    json: { type: 'boolean', default: false },
  },
});

const COMMANDS: Readonly<Record<string, string>> = {
  summary: '',
  report: '-q',
  'eight-fields':
    '--query-gpu=index,name,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw --format=csv',
};

const [program = '', ...first] = values.nvsmi.split(' ');

function run(gpus: number, path: string, args: string): number {
  const start = process.hrtime.bigint();
  const words = args.split(' ').filter((word) => word !== '');
  const { status, stdout, stderr } = spawnSync(program, [...first, ...words, '--nvml', path], {
    // What main.ts makes of the GPUs that it finds in /proc; made ones are not there.
    env: { ...process.env, UV_THREADPOOL_SIZE: String(2 * gpus) },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${args}: exit status ${status}: ${stdout}${stderr}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

const micros = delays();
const { stdout: node } = spawnSync(process.execPath, ['--version'], { encoding: 'utf8' });
if (!values.json)
  console.log(`${values.nvsmi} (bench on Node ${node.trim()}), ${cpus().length} x ${cpus()[0]?.model}`);

for (const [name, args] of Object.entries(COMMANDS)) {
  for (const gpus of values.gpus.split(',').map(Number)) {
    const logged = await fakeMachine(gpus);
    run(gpus, logged.path, args);
    const calls = logged.log();
    const inTurn = calls.reduce((sum, { fn }) => sum + (micros[fn] ?? 0), 0) / 1000;
    const { path } = await fakeMachine(gpus, new Set(calls.map(({ fn }) => fn)));
    run(gpus, path, args);
    const times = Array.from({ length: Number(values.runs) }, () => run(gpus, path, args));
    const result = { name, gpus, calls: calls.length, inTurnMs: inTurn, oursMs: median(times), times };
    console.log(values.json ? JSON.stringify(result) : asText(result));
  }
}

function asText(result: {
  name: string;
  gpus: number;
  calls: number;
  inTurnMs: number;
  oursMs: number;
}): string {
  const ms = (number: number): string => `${number.toFixed(1).padStart(7)} ms`;
  return [
    result.name.padEnd(13),
    `${String(result.gpus).padStart(2)} GPUs`,
    `${String(result.calls).padStart(5)} calls`,
    `in turn ${ms(result.inTurnMs)}`,
    `nvsmi ${ms(result.oursMs)}`,
    `ratio ${(result.oursMs / result.inTurnMs).toFixed(2)}`,
  ].join('  ');
}
