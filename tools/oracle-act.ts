/**
 * Compares options that change GPUs with the real nvidia-smi, both on the fake NVML, where no GPU is:
 *   npx tsx tools/oracle-act.ts ORACLE.so FOLDER     record what FOLDER/550/nvidia-smi, FOLDER/535/nvidia-smi … answer, and compare
 *   npx tsx tools/oracle-act.ts                      compare with what was recorded
 * ORACLE.so lets nvidia-smi live with the fake: it answers its internal table of functions.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Answer,
  type Case,
  cases,
  DRIVERS,
  type DriverVersion,
  isRefusal,
  machineOf,
  nvsmiOn,
  record,
  recorded,
  sameLines,
  wordsOf,
} from '../test/act/oracle.js';

const [oracle, programs] = process.argv.slice(2);

async function answersOf(one: Case, program: string, driver: DriverVersion): Promise<readonly Answer[]> {
  const { folder } = await machineOf(one, driver);
  const env = { PATH: process.env.PATH ?? '', LD_LIBRARY_PATH: folder, LD_PRELOAD: oracle };
  return one.lines.map((line) => {
    const { stdout, status } = spawnSync(program, wordsOf(line), { encoding: 'utf8', env, timeout: 8000 });
    return { out: stdout, status: status ?? 139 };
  });
}

if (oracle !== undefined && programs !== undefined) {
  for (const driver of DRIVERS) {
    const program = join(programs, driver.slice(0, 3), 'nvidia-smi');
    if (!existsSync(program)) continue;
    const all: (readonly Answer[])[] = [];
    for (const one of cases) all.push(await answersOf(one, program, driver));
    record(driver, all);
  }
}

/** How many command lines are identical, and how many lines of them. */
class Count {
  commands = 0;
  identical = 0;
  same = 0;
  all = 0;

  add(wanted: Answer, found: Answer): boolean {
    const [matching, longest] = sameLines(wanted.out, found.out);
    const isSame = wanted.out === found.out && wanted.status === found.status;
    this.commands++;
    this.same += matching;
    this.all += longest;
    if (isSame) this.identical++;
    return isSame;
  }

  toString(): string {
    const share = ((100 * this.same) / this.all).toFixed(2);
    return `${this.identical} of ${this.commands} command lines identical, ${this.same} of ${this.all} lines (${share} %)`;
  }
}

for (const driver of DRIVERS) {
  const [whole, read] = [new Count(), new Count()];
  for (const one of recorded(driver)) {
    const library = await machineOf(one, driver);
    for (const [i, line] of one.lines.entries()) {
      const wanted = one.answers[i] as Answer;
      const found = await nvsmiOn(library, line);
      const isSame = whole.add(wanted, found);
      if (isRefusal(wanted) && !isSame) continue;
      read.add(wanted, found);
      if (isSame) continue;
      console.log(`## ${driver} ${one.machine} ${JSON.stringify(one.faults)} | ${line}`);
      console.log(`exit ${wanted.status} and ${found.status}`);
      console.log(`- ${JSON.stringify(wanted.out)}\n+ ${JSON.stringify(found.out)}`);
    }
  }
  console.log(`${driver}: ${whole}`);
  console.log(`${driver}, without command lines that it refuses in words of its own: ${read}`);
}
process.exit(0);
