/**
 * CPU time of a tick and peak memory of the monitors beside nvidia-smi's. A tick is a second; the first three do not
 * count.
 *
 *   node bench/monitors.js [--ticks 10] [--real nvidia-smi] [--nvsmi "node bin/nvsmi.js"]
 */
import { parseArgs } from 'node:util';
import { steady } from './steady.js';

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '10' },
    real: { type: 'string', default: 'nvidia-smi' },
    nvsmi: { type: 'string', default: 'node bin/nvsmi.js' },
  },
});
const ticks = Number(values.ticks);

for (const command of ['dmon', 'dmon -s t', 'pmon -s um']) {
  for (const [tool, program] of [
    ['nvidia-smi', values.real],
    ['nvsmi', values.nvsmi],
  ]) {
    // Between two ticks, not at one.
    const taken = await steady(`${program} ${command}`, { warmUp: 3500, measured: 1000 * ticks });
    const cpuMicrosPerTick = Math.round(taken.micros / ticks);
    console.log(JSON.stringify({ tool, command, cpuMicrosPerTick, peakMemoryMiB: taken.mebibytes }));
  }
}
