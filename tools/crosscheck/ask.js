/**
 * Calls our side of what ask.py calls: the same getters, on every GPU, from the built library.
 * Usage: node ask.js NAMES.json   NAMES.json is what ask.py printed.
 */
import { readFileSync } from 'node:fs';

const nvml = await import(new URL('../../dist/lib/nvml.js', import.meta.url));
const asked = JSON.parse(readFileSync(process.argv[2], 'utf8'));

function plain(value) {
  if (typeof value === 'bigint') return { big: value.toString() };
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value ?? null;
}

// NVSMI_SNAPSHOT: a recorded machine instead, to try this out without a GPU.
const snapshot = process.env.NVSMI_SNAPSHOT;
nvml.nvmlInit(snapshot === undefined ? {} : { snapshot });
const out = { gpus: [] };
for (let index = 0; index < nvml.nvmlDeviceGetCount(); index++) {
  const device = nvml.nvmlDeviceGetHandleByIndex(index);
  const answers = {};
  for (const name of Object.keys(asked.gpus[index])) {
    if (typeof nvml[name] !== 'function') continue;
    try {
      answers[name] = { value: plain(nvml[name](device)) };
    } catch (error) {
      answers[name] = error instanceof nvml.NVMLError ? { error: error.code } : { broken: String(error) };
    }
  }
  out.gpus.push(answers);
}
process.stdout.write(JSON.stringify(out));
nvml.nvmlShutdown();
