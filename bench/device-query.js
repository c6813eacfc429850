/**
 * What deviceQuery and xmlDeviceQuery cost beside Python's, from the built library: processes of both sides take turns.
 * Needs python3 (or PYTHON) with nvidia-ml-py, and pynvml_utils for the real thing (see device-query.py).
 *
 *   node bench/device-query.js [ROUNDS]
 *
 * Without a GPU: npx tsx bench/fake-machine.ts FOLDER 1 at-once, and LD_LIBRARY_PATH=FOLDER in front.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FILTERS = ['memory.free, memory.total', 'utilization.gpu,memory.used,temperature.gpu,power.draw', ''];
const at = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The batches of one query in microseconds a call, sorted: nine of up to 30 ms, after 150 ms of the same. */
function micros(call) {
  let began = performance.now();
  let calls = 0;
  for (; performance.now() - began < 150; calls++) call();
  const times = Math.max(1, Math.min(2000, Math.floor((calls * 30) / 150)));
  const batches = Array.from({ length: times > 1 ? 9 : 3 }, () => {
    began = performance.now();
    for (let i = 0; i < times; i++) call();
    return ((performance.now() - began) / times) * 1e3;
  });
  return batches.sort((a, b) => a - b);
}

async function side() {
  const { NvidiaSmi } = await import(new URL('../dist/lib/index.js', import.meta.url));
  const smi = NvidiaSmi.getInstance();
  const out = {};
  for (const filter of FILTERS) {
    for (const method of ['deviceQuery', 'xmlDeviceQuery']) {
      out[`${method}(${filter})`] = micros(() => smi[method](filter || undefined));
    }
  }
  console.log(JSON.stringify({ name: 'nvsmi', micros: out }));
  smi.close();
}

const run = (command, ...args) =>
  JSON.parse(execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));

function main(rounds) {
  const ours = {};
  const theirs = {};
  let name = '';
  for (let i = 0; i < rounds; i++) {
    const answers = [
      run(process.execPath, at('device-query.js'), 'side'),
      run(process.env.PYTHON ?? 'python3', at('device-query.py')),
    ];
    name = answers[1].name;
    [ours, theirs].forEach((all, who) => {
      for (const [query, batches] of Object.entries(answers[who].micros)) {
        all[query] = [...(all[query] ?? []), ...batches];
      }
    });
  }
  const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  console.log(`us a call, median and least: nvsmi, ${name}`);
  for (const [query, batches] of Object.entries(ours)) {
    const other = theirs[query] ?? [Number.NaN];
    const cells = [median(batches), Math.min(...batches), median(other), Math.min(...other)];
    const ratio = (cells[0] / cells[2]).toFixed(2);
    console.log(
      `${query.padEnd(72)}${cells.map((cell) => cell.toFixed(1).padStart(11)).join('')}${ratio.padStart(7)}`,
    );
  }
}

const [what = '3'] = process.argv.slice(2);
await (what === 'side' ? side() : main(Number(what)));
