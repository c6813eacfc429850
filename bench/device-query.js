/** What deviceQuery costs: the counterpart of device-query.py, from the built library. */
const FILTERS =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['memory.free, memory.total', 'utilization.gpu,memory.used,temperature.gpu,power.draw'];

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const options = process.env.NVSMI_SNAPSHOT === undefined ? {} : { snapshot: process.env.NVSMI_SNAPSHOT };

const began = performance.now();
const { NvidiaSmi } = await import(new URL('../dist/lib/index.js', import.meta.url));
const imported = performance.now();
const smi = NvidiaSmi.getInstance(options);
const out = { 'import ms': imported - began, 'getInstance ms': performance.now() - imported };
for (const filter of FILTERS) {
  smi.deviceQuery(filter);
  const batches = Array.from({ length: 9 }, () => {
    const start = performance.now();
    for (let i = 0; i < 200; i++) smi.deviceQuery(filter);
    return ((performance.now() - start) / 200) * 1e3;
  });
  out[`${filter} us`] = median(batches);
}
const timed = (ask) => {
  const start = performance.now();
  ask();
  return performance.now() - start;
};
out['everything ms'] = median(Array.from({ length: 5 }, () => timed(() => smi.deviceQuery())));
console.log(JSON.stringify(out, undefined, 1));
smi.close();
