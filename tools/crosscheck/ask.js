/**
 * Calls our side of what ask.py calls: the same getters, on every GPU, from the built library.
 * Usage: node ask.js NAMES.json [--time]   NAMES.json is what ask.py printed.
 */
import { readFileSync } from 'node:fs';

const nvml = await import(new URL('../../dist/lib/nvml.js', import.meta.url));
const [namesFile, ...flags] = process.argv.slice(2);
const asked = JSON.parse(readFileSync(namesFile, 'utf8'));

function plain(value) {
  if (typeof value === 'bigint') return { big: value.toString() };
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value ?? null;
}

/** Nanoseconds a call takes: the median of seven batches. */
function cost(call) {
  // Warm first: for 20 ms or 2000 calls, whichever is sooner.
  let began = process.hrtime.bigint();
  let calls = 0;
  while (calls < 2000 && process.hrtime.bigint() - began < 20_000_000n) {
    call();
    calls++;
  }
  const once = Math.max(1, Number(process.hrtime.bigint() - began) / calls);
  const times = Math.max(1, Math.min(2000, Math.floor(20_000_000 / once / 7)));
  const batches = [];
  for (let batch = 0; batch < 7; batch++) {
    began = process.hrtime.bigint();
    for (let i = 0; i < times; i++) call();
    batches.push(Number(process.hrtime.bigint() - began) / times);
  }
  return batches.sort((a, b) => a - b)[3];
}

// NVSMI_SNAPSHOT: a recorded machine instead, to try this out without a GPU.
const snapshot = process.env.NVSMI_SNAPSHOT;
nvml.nvmlInit(snapshot === undefined ? {} : { snapshot });
const out = { gpus: [], costs: {} };
for (let index = 0; index < nvml.nvmlDeviceGetCount(); index++) {
  const device = nvml.nvmlDeviceGetHandleByIndex(index);
  const answers = {};
  for (const name of Object.keys(asked.gpus[index])) {
    if (typeof nvml[name] !== 'function') continue;
    try {
      answers[name] = { value: plain(nvml[name](device)) };
      if (index === 0 && flags.includes('--time')) out.costs[name] = cost(() => nvml[name](device));
    } catch (error) {
      answers[name] = error instanceof nvml.NVMLError ? { error: error.code } : { broken: String(error) };
    }
  }
  out.gpus.push(answers);
}
process.stdout.write(JSON.stringify(out));
nvml.nvmlShutdown();
