/**
 * The same samples through nvsmi's own plan and CSV printer, in process. Each set of fields has a process of its own, as a loop
 * has: V8 makes other code where several plans run in one.
 *
 *   tsx bench/loop.ts [SAMPLES] [LIBRARY] [SET]
 */
import { spawnSync } from 'node:child_process';
import { csvPrinter } from '../src/format/csv.js';
import { loadLibrary } from '../src/nvml/backend/library.js';
import { openSession, type Session } from '../src/nvml/session.js';
import { Asker } from '../src/query/ask/asker.js';
import { gpuTable } from '../src/query/gpu/index.js';
import { gpuRow } from '../src/query/gpu-fields.js';
import { compilePlan } from '../src/query/plan.js';

const SETS: Readonly<Record<string, readonly string[]>> = {
  1: ['memory.used'],
  8: [
    'index',
    'name',
    'uuid',
    'memory.total',
    'memory.used',
    'utilization.gpu',
    'temperature.gpu',
    'power.draw',
  ],
};

const [, script = '', samples = '20000', library, only] = process.argv;

/** Fields that are answered at once. */
function someFields(names: readonly string[], session: Session): void {
  const plan = compilePlan(names.map(gpuRow), session.gpus, { asker: new Asker(session), now: Date.now });
  const print = csvPrinter(plan, true);
  const count = Number(samples);
  let bytes = 0;
  const sample = (): void => {
    void plan.sample();
    bytes += print().length;
  };
  // As many as are measured: V8 keeps compiling for some ten thousand of them.
  for (let i = 0; i < count; i++) sample();
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  for (let i = 0; i < count; i++) sample();
  const wallNs = Number(process.hrtime.bigint() - wall) / count;
  const used = process.cpuUsage(cpu);
  if (bytes === 0) throw new Error('nothing was printed');
  say(names.length, count, wallNs, ((used.user + used.system) * 1000) / count);
}

const say = (fields: number, count: number, wallNs: number, cpuNs: number): void =>
  console.log(
    JSON.stringify({
      tool: 'nvsmi',
      fields,
      samples: count,
      wallNs: Math.round(wallNs),
      cpuNs: Math.round(cpuNs),
    }),
  );

/** All fields, the infoROM check among them: its wait is on a worker thread. */
async function allFields(session: Session): Promise<void> {
  const all = compilePlan(gpuTable.fields, session.gpus, { asker: new Asker(session), now: Date.now });
  const printAll = csvPrinter(all, true);
  await all.sample();
  printAll();
  const rounds = 20;
  const times: number[] = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const start = process.hrtime.bigint();
    await all.sample();
    printAll();
    times.push(Number(process.hrtime.bigint() - start));
  }
  const used = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  say(gpuTable.fields.length, rounds, times[rounds / 2] ?? 0, ((used.user + used.system) * 1000) / rounds);
}

if (only === undefined) {
  for (const set of [...Object.keys(SETS), 'all']) {
    const args = [...process.execArgv, script, samples, library ?? '', set];
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
} else {
  const path = library === '' ? undefined : library;
  const session = openSession(loadLibrary({ env: process.env, path }));
  const names = SETS[only];
  if (names !== undefined) someFields(names, session);
  else if (only === 'all') void allFields(session);
  else throw new Error(`no set of fields is called ${only}`);
}
