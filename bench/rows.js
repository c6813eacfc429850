/**
 * Loops as fast as they go: the rows that arrive in so many seconds of `-lms 1` and `-lms 100`, and the CPU time of a row
 * (each GPU has one a tick). The first second and a half does not count.
 *
 *   node bench/rows.js [--seconds 5] [--rounds 3] [--real nvidia-smi] [--nvsmi "node bin/nvsmi.js"] [--nvml PATH]
 *
 * Without nvidia-smi: --real "".
 */
import { parseArgs } from 'node:util';
import { steady } from './steady.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    real: { type: 'string', default: 'nvidia-smi' },
    nvsmi: { type: 'string', default: 'node bin/nvsmi.js' },
    nvml: { type: 'string' },
  },
});

const SETS = {
  1: 'memory.used',
  8: 'index,name,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw',
};
const ours = values.nvml === undefined ? values.nvsmi : `${values.nvsmi} --nvml ${values.nvml}`;
const tools = Object.entries({ 'nvidia-smi': values.real, nvsmi: ours }).filter(
  ([, command]) => command !== '',
);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

for (const [fields, names] of Object.entries(SETS)) {
  for (const period of [1, 100]) {
    const taken = tools.map(() => []);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [i, [, command]] of tools.entries()) {
        const query = `${command} --query-gpu=${names} --format=csv,noheader -lms ${period}`;
        taken[i].push(await steady(query, { warmUp: 1500, measured: 1000 * Number(values.seconds) }));
      }
    }
    tools.forEach(([tool], i) => {
      const perRow = taken[i].map(({ micros, lines }) => Math.round(micros / lines));
      console.log(
        JSON.stringify({
          tool,
          fields: Number(fields),
          period,
          rows: median(taken[i].map(({ lines }) => lines)),
          cpuMicrosPerRow: median(perRow),
          rounds: perRow,
          peakMemoryMiB: median(taken[i].map(({ mebibytes }) => mebibytes)),
        }),
      );
    });
  }
}
