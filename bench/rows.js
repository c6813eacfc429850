/**
 * Loops as fast as they go: rows that arrive in so many seconds of `-lms 1`, and the CPU time of each tick.
 *
 *   node bench/rows.js [--seconds 3] [--real nvidia-smi] [--nvsmi "node bin/nvsmi.js"]
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    real: { type: 'string', default: 'nvidia-smi' },
    nvsmi: { type: 'string', default: 'node bin/nvsmi.js' },
  },
});

const SETS = {
  1: 'memory.used',
  8: 'index,name,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw',
};

for (const [fields, names] of Object.entries(SETS)) {
  for (const period of [1, 100]) {
    for (const [tool, command] of [
      ['nvidia-smi', values.real],
      ['nvsmi', values.nvsmi],
    ]) {
      const query = `${command} --query-gpu=${names} --format=csv,noheader -lms ${period}`;
      const { stdout, stderr } = spawnSync(
        'bash',
        ['-c', `TIMEFORMAT='%U %S'; time timeout -s INT ${values.seconds} ${query} | wc -l`],
        { encoding: 'utf8' },
      );
      const rows = Number(stdout);
      const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
      const cpuMicros = ((user + system) * 1e6) / rows;
      console.log(
        JSON.stringify({
          tool,
          fields: Number(fields),
          period,
          seconds: Number(values.seconds),
          rows,
          cpuMicrosPerRow: Math.round(cpuMicros),
        }),
      );
    }
  }
}
