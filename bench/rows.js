/**
 * Loops as fast as they go: rows that arrive in so many seconds of `-lms 1` and `-lms 100`, and the CPU time of a tick.
 * A loop runs twice, for one second and for so many more: the difference is what its ticks took without its start.
 *
 *   node bench/rows.js [--seconds 5] [--rounds 3] [--real nvidia-smi] [--nvsmi "node bin/nvsmi.js"] [--nvml PATH]
 *
 * Without nvidia-smi: --real "".
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

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

/** Rows, and microseconds of CPU time. */
function run(command, seconds) {
  const { stdout, stderr } = spawnSync(
    'bash',
    ['-c', `TIMEFORMAT='%U %S'; time timeout -s INT ${seconds} ${command} | wc -l`],
    { encoding: 'utf8' },
  );
  const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { rows: Number(stdout), micros: (user + system) * 1e6 };
}

for (const [fields, names] of Object.entries(SETS)) {
  for (const period of [1, 100]) {
    const rounds = Array.from({ length: Number(values.rounds) }, () =>
      tools.map(([, command]) => {
        const query = `${command} --query-gpu=${names} --format=csv,noheader -lms ${period}`;
        return { start: run(query, 1), whole: run(query, 1 + Number(values.seconds)) };
      }),
    );
    tools.forEach(([tool], i) => {
      const runs = rounds.map((round) => round[i]);
      const perTick = ({ start, whole }) => (whole.micros - start.micros) / (whole.rows - start.rows);
      console.log(
        JSON.stringify({
          tool,
          fields: Number(fields),
          period,
          rows: median(runs.map(({ whole }) => whole.rows)),
          cpuMicrosPerTick: Math.round(median(runs.map(perTick))),
          cpuMicrosPerRowWithStart: Math.round(median(runs.map(({ whole }) => whole.micros / whole.rows))),
        }),
      );
    });
  }
}
