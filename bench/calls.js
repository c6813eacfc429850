/**
 * What a call of nvsmi/nvml costs beside nvidia-ml-py: every getter that takes a device and no other input. Both sides are
 * processes that stay open on the same CPU and take turns at each call, batch by batch, so that noise of the machine falls
 * on both; several pairs of processes, as one may lie in memory worse than another. Calls that NVML refuses are not timed.
 * Needs `npm run build`, taskset, and python3 (or PYTHON) with nvidia-ml-py.
 *
 * A call is below or above where the ratios of all pairs say so with 99 % confidence. NVML itself takes 0.2 ms and more for
 * many calls, so that the microsecond between two languages shows in none of them.
 *
 *   node bench/calls.js [--rounds 8] [--cpu LAST] [--json FILE]      --cpu '' lets them wander
 *
 * Without a GPU: npx tsx bench/fake-machine.ts FOLDER 1 at-once, and LD_LIBRARY_PATH=FOLDER in front.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    cpu: { type: 'string', default: String(availableParallelism() - 1) },
    json: { type: 'string' },
    side: { type: 'boolean', default: false },
  },
});

const at = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A batch lasts about so long, and there are so many of each side in a round; of slow calls fewer. */
const BATCH_NS = 1e6;
const BATCHES = 9;
const MOST_CALLS = 2000;
const SLOW_NS = 1e6;
const SLOW_BATCHES = 3;

/** Our side: answers `NAME COUNT` with the nanoseconds of so many calls, or why there are none. */
async function side() {
  const nvml = await import(new URL('../dist/lib/nvml.js', import.meta.url));
  nvml.nvmlInit();
  const device = nvml.nvmlDeviceGetHandleByIndex(0);
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, count] = line.split(' ');
    console.log(timed(nvml[name], device, Number(count)));
  }
  nvml.nvmlShutdown();
}

function timed(call, device, count) {
  if (typeof call !== 'function') return 'not ours';
  try {
    const began = process.hrtime.bigint();
    for (let i = 0; i < count; i++) call(device);
    return Number(process.hrtime.bigint() - began);
  } catch (error) {
    return `${error.symbol ?? error}`.split('\n')[0];
  }
}

/** A process that times calls. */
function start(command, ...args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line) => {
    child.stdin.write(`${line}\n`);
    const { done, value } = await lines.next();
    if (done) throw new Error(`${command} ended at ${line}`);
    return value;
  };
  return {
    ask,
    /** Nanoseconds a call, or why it cannot be timed. */
    time: async (name, count) => {
      const answer = await ask(`${name} ${count}`);
      return /^\d+$/.test(answer) ? Number(answer) / count : answer;
    },
    end: async () => {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}

const startPinned = (...command) =>
  options.cpu === '' ? start(...command) : start('taskset', '-c', options.cpu, ...command);

const SIDES = {
  ours: () => startPinned(process.execPath, at('calls.js'), '--side'),
  theirs: () => startPinned(process.env.PYTHON ?? 'python3', at('calls.py')),
};

/** How many calls a batch takes, once both sides are warm; undefined where one of them has no answer to time. */
async function warm({ ours, theirs }, name, refused) {
  let slowest = 0;
  for (const one of [theirs, ours]) {
    const first = await one.time(name, 1);
    if (typeof first === 'string') {
      refused.set(name, first);
      return undefined;
    }
    const again = await one.time(name, first > SLOW_NS ? 1 : 20);
    const calls = Math.floor((10 * BATCH_NS) / again);
    slowest = Math.max(slowest, calls > 1 ? await one.time(name, Math.min(calls, MOST_CALLS)) : again);
  }
  return Math.max(1, Math.min(Math.floor(BATCH_NS / slowest), MOST_CALLS));
}

async function round(names, costs, refused) {
  const pair = { ours: SIDES.ours(), theirs: SIDES.theirs() };
  // All are warmed before the first is timed: they share code that V8 compiles again as it sees more of them.
  const counts = new Map();
  for (const name of names ?? (await pair.theirs.ask('names')).split(' ')) {
    const count = await warm(pair, name, refused);
    if (count !== undefined) counts.set(name, count);
  }
  for (const [name, count] of counts) {
    for (const who of ['ours', 'theirs']) await pair[who].time(name, count);
    const taken = { ours: [], theirs: [] };
    const batches = count === 1 ? SLOW_BATCHES : BATCHES;
    for (let i = 0; i < batches; i++) {
      for (const who of i % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours']) {
        const ns = await pair[who].time(name, count);
        if (typeof ns === 'number') taken[who].push(ns);
      }
    }
    // A call that fails now and then is not timed in this round.
    if (taken.ours.length > 0 && taken.theirs.length > 0) {
      costs.set(name, [
        ...(costs.get(name) ?? []),
        { ours: median(taken.ours), theirs: median(taken.theirs) },
      ]);
    }
  }
  await Promise.all([pair.ours.end(), pair.theirs.end()]);
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)];

/** Two-sided 99 % of Student's t, by degrees of freedom. */
const T_99 = [63.7, 9.92, 5.84, 4.6, 4.03, 3.71, 3.5, 3.36, 3.25, 3.17, 3.11, 3.05, 3.01, 2.98, 2.95];

/** The ratio of two costs over all pairs, as the geometric mean, and between which two it lies. */
function ratioOf(pairs) {
  const logs = pairs.map(({ ours, theirs }) => Math.log(ours / theirs));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const reach = (T_99[logs.length - 2] ?? T_99.at(-1)) * Math.sqrt(variance / logs.length);
  return { ratio: Math.exp(mean), from: Math.exp(mean - reach), to: Math.exp(mean + reach) };
}

function row(name, pairs) {
  const { ratio, from, to } = ratioOf(pairs);
  const [ours, theirs] = ['ours', 'theirs'].map((who) => median(pairs.map((pair) => pair[who])));
  return { name, ours, theirs, ratio, from, to, verdict: to < 1 ? 'below' : from > 1 ? 'above' : '' };
}

async function main() {
  if (!(Number(options.rounds) >= 2)) throw new Error('--rounds: two pairs of processes at least');
  const costs = new Map();
  const refused = new Map();
  await round(undefined, costs, refused);
  for (let i = 1; i < Number(options.rounds); i++) await round([...costs.keys()], costs, refused);
  const rows = [...costs]
    .filter(([, pairs]) => pairs.length >= 2)
    .map(([name, cost]) => row(name, cost))
    .sort((a, b) => b.ratio - a.ratio);
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(`${'ns a call, median'.padEnd(width)}      ours    theirs  ratio   (99 %)`);
  for (const { name, ours, theirs, ratio, from, to, verdict } of rows) {
    const costs = [ours, theirs].map((ns) => ns.toFixed(0).padStart(10)).join('');
    const reach = `(${from.toFixed(2)} to ${to.toFixed(2)})`;
    console.log(
      `${name.padEnd(width)}${costs}${ratio.toFixed(2).padStart(7)}   ${reach.padEnd(15)} ${verdict}`,
    );
  }
  const are = (verdict) => rows.filter((one) => one.verdict === verdict).length;
  console.log(
    `\n${rows.length} calls timed beside nvidia-ml-py: ${are('below')} below, ${are('above')} above, ${are('')} not distinguishable`,
  );
  const why = [...refused].filter(([name]) => !costs.has(name));
  console.log(`not timed, as there is no answer: ${why.length}`);
  if (options.json !== undefined) {
    writeFileSync(options.json, JSON.stringify({ rows, refused: Object.fromEntries(why) }, undefined, 1));
  }
}

await (options.side ? side() : main());
