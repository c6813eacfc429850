/** The same samples through nvsmi's own plan and CSV printer, in process. */
import { loadLibrary } from '../src/nvml/library.js';
import { openSession } from '../src/nvml/session.js';
import { gpuTable } from '../src/query/gpu/index.js';
import { gpuRow } from '../src/query/gpu-fields.js';
import { compilePlan } from '../src/query/plan.js';
import { csvPrinter } from '../src/render/csv.js';

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

const samples = Number(process.argv[2] ?? 20_000);
const session = openSession(loadLibrary({ env: process.env, path: process.argv[3] }));

for (const [fields, names] of Object.entries(SETS)) {
  const plan = compilePlan(names.map(gpuRow), session.gpus, { session, now: Date.now });
  const print = csvPrinter(plan, true);
  let bytes = 0;
  const sample = (): void => {
    void plan.sample();
    bytes += print().length;
  };
  for (let i = 0; i < samples / 10; i++) sample();
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  for (let i = 0; i < samples; i++) sample();
  const wallNs = Number(process.hrtime.bigint() - wall) / samples;
  const used = process.cpuUsage(cpu);
  const cpuNs = ((used.user + used.system) * 1000) / samples;
  if (bytes === 0) throw new Error('nothing was printed');
  console.log(
    JSON.stringify({
      tool: 'nvsmi',
      fields: Number(fields),
      samples,
      wallNs: Math.round(wallNs),
      cpuNs: Math.round(cpuNs),
    }),
  );
}

/** All fields, the infoROM check among them: its wait is on a worker thread. */
async function allFields(): Promise<void> {
  const all = compilePlan(gpuTable.rows, session.gpus, { session, now: Date.now });
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
  console.log(
    JSON.stringify({
      tool: 'nvsmi',
      fields: gpuTable.rows.length,
      samples: rounds,
      wallNs: times[rounds / 2],
      cpuNs: Math.round(((used.user + used.system) * 1000) / rounds),
    }),
  );
}

void allFields();
