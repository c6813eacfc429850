/**
 * The fault sweep: every status at every call of the main commands, on a recorded machine, in this process; on one of two GPUs those that
 * a broken GPU has. Says what crashes, what shows JavaScript, and what hides a failure. `npm run sweep`, or a part:
 * `npm run sweep -- 'health --json' -q`.
 */
import { COMMANDS, STATUSES, Sweep } from '../test/faults/sweep.js';

/** Of one of two GPUs. */
const OF_ONE = ['NVML_ERROR_UNKNOWN', 'NVML_ERROR_GPU_IS_LOST', 'NVML_ERROR_NO_PERMISSION'];

const named = process.argv.slice(2);
const sweep = new Sweep();
const begun = performance.now();
const seen = new Set<string>();
for (const line of named.length > 0 ? named : COMMANDS) {
  const before = sweep.runs;
  for (const subject of ['', 'gpu1'] as const) {
    for (const fn of await sweep.shown(line, subject)) {
      for (const symbol of subject === '' ? STATUSES : OF_ONE) {
        const what = await sweep.wrong(line, { fn, subject, symbol });
        const where = `nvsmi ${line}: ${fn}${subject && ` of ${subject}`}: ${what}`;
        if (what === undefined || seen.has(where)) continue;
        seen.add(where);
        console.log(`${where} (${symbol})`);
      }
    }
  }
  console.log(`nvsmi ${line}: ${sweep.runs - before} runs`);
}
sweep.close();
const seconds = ((performance.now() - begun) / 1000).toFixed(0);
console.log(`${sweep.runs} runs in ${seconds} s, ${seen.size} wrong`);
process.exitCode = seen.size === 0 ? 0 : 1;
