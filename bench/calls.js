/**
 * What a call of nvsmi/nvml costs beside nvidia-ml-py: every getter that takes a device and no other input. Both sides are
 * processes that stay open and take turns at each call, batch by batch, so that noise of the machine falls on both;
 * several pairs of processes, as one may lie in memory worse than another. Calls that NVML refuses are not timed.
 * Needs `npm run build`, and python3 (or PYTHON) with nvidia-ml-py.
 *
 *   node bench/calls.js [--rounds 3] [--json FILE]
 *
 * Without a GPU: npx tsx bench/fake-machine.ts FOLDER 1 at-once, and LD_LIBRARY_PATH=FOLDER in front.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
    side: { type: 'boolean', default: false },
  },
});

const at = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A batch lasts about so long, and there are so many of each side in a round; of slow calls fewer. */
const BATCH_NS = 1e6;
const BATCHES = 15;
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

const SIDES = {
  ours: () => start(process.execPath, at('calls.js'), '--side'),
  theirs: () => start(process.env.PYTHON ?? 'python3', at('calls.py')),
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
  // All are warmed before the first is timed: they share code that V8 compiles anew as it sees more of them.
  const counts = new Map();
  for (const name of names ?? (await pair.theirs.ask('names')).split(' ')) {
    const count = await warm(pair, name, refused);
    if (count !== undefined) counts.set(name, count);
  }
  for (const [name, count] of counts) {
    for (const who of ['ours', 'theirs']) await pair[who].time(name, count);
    const cost = costs.get(name) ?? { ours: [], theirs: [] };
    costs.set(name, cost);
    const batches = count === 1 ? SLOW_BATCHES : BATCHES;
    for (let i = 0; i < batches; i++) {
      for (const who of i % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours']) {
        const ns = await pair[who].time(name, count);
        if (typeof ns === 'number') cost[who].push(ns);
      }
    }
  }
  await Promise.all([pair.ours.end(), pair.theirs.end()]);
}

const quantile = (sorted, part) => sorted[Math.floor((sorted.length - 1) * part)];

function row(name, { ours, theirs }) {
  for (const list of [ours, theirs]) list.sort((a, b) => a - b);
  const [low, median] = [0.25, 0.5].map((part) => [quantile(ours, part), quantile(theirs, part)]);
  return { name, low, median, ratio: low[0] / low[1], medianRatio: median[0] / median[1] };
}

async function main() {
  const costs = new Map();
  const refused = new Map();
  await round(undefined, costs, refused);
  for (let i = 1; i < Number(options.rounds); i++) await round([...costs.keys()], costs, refused);
  const rows = [...costs].map(([name, cost]) => row(name, cost)).sort((a, b) => b.ratio - a.ratio);
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(
    `${'ns a call: lower quartile and median'.padEnd(width)}      ours    theirs  ratio      ours    theirs  ratio`,
  );
  const columns = ([ours, theirs], ratio) =>
    `${ours.toFixed(0).padStart(10)}${theirs.toFixed(0).padStart(10)}${ratio.toFixed(2).padStart(7)}`;
  for (const { name, low, median, ratio, medianRatio } of rows) {
    console.log(`${name.padEnd(width)}${columns(low, ratio)}${columns(median, medianRatio)}`);
  }
  const above = (key) => rows.filter((one) => one[key] >= 1).length;
  console.log(
    `\n${rows.length} calls timed, not below nvidia-ml-py: ${above('ratio')} by lower quartile, ${above('medianRatio')} by median`,
  );
  const why = [...refused].filter(([name]) => !costs.has(name));
  console.log(`not timed, as there is no answer: ${why.length}`);
  if (options.json !== undefined) {
    writeFileSync(options.json, JSON.stringify({ rows, refused: Object.fromEntries(why) }, undefined, 1));
  }
}

await (options.side ? side() : main());
