/**
 * Compares options that change GPUs with the real nvidia-smi, both on the fake NVML, where no GPU is:
 *   npx tsx tools/oracle-act.ts NVIDIA-SMI ORACLE.so     record what it answers in test/act/550.jsonl, and compare
 *   npx tsx tools/oracle-act.ts                          compare with what was recorded
 * ORACLE.so lets nvidia-smi live with the fake: it answers its internal table of functions.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import {
  type Answer,
  type Case,
  cases,
  machineOf,
  nvsmiOn,
  recorded,
  sameLines,
  wordsOf,
} from '../test/act/oracle.js';

const [smi, oracle] = process.argv.slice(2);

async function answersOf(one: Case, program: string, preload: string): Promise<readonly Answer[]> {
  const { folder } = await machineOf(one);
  const env = { PATH: process.env.PATH ?? '', LD_LIBRARY_PATH: folder, LD_PRELOAD: preload };
  return one.lines.map((line) => {
    const { stdout, status } = spawnSync(program, wordsOf(line), { encoding: 'utf8', env, timeout: 8000 });
    return { out: stdout, status: status ?? 139 };
  });
}

if (smi !== undefined && oracle !== undefined) {
  const lines: string[] = [];
  for (const one of cases) lines.push(JSON.stringify({ ...one, answers: await answersOf(one, smi, oracle) }));
  writeFileSync(new URL('../test/act/550.jsonl', import.meta.url), `${lines.join('\n')}\n`);
}

let [commands, identical, same, all] = [0, 0, 0, 0];
for (const one of recorded()) {
  const library = await machineOf(one);
  for (const [i, line] of one.lines.entries()) {
    const wanted = one.answers[i] as Answer;
    const found = await nvsmiOn(library, line);
    const [matching, longest] = sameLines(wanted.out, found.out);
    commands++;
    same += matching;
    all += longest;
    if (wanted.out === found.out && wanted.status === found.status) identical++;
    else {
      console.log(`## ${one.machine} ${JSON.stringify(one.faults)} | ${line}`);
      console.log(`exit ${wanted.status} and ${found.status}; ${matching} of ${longest} lines`);
      console.log(`- ${JSON.stringify(wanted.out)}\n+ ${JSON.stringify(found.out)}`);
    }
  }
}
console.log(
  `${commands} command lines, ${identical} identical; ${same} of ${all} lines (${((100 * same) / all).toFixed(2)} %)`,
);
process.exit(0);
