/** Each option that changes a GPU, on the fake: as nvidia-smi 550.163.01 answers there. `tools/oracle-act.ts` records. */
import { describe, expect, it } from 'vitest';
import { compiler } from '../fake-nvml/build.js';
import { DRIVERS, isRefusal, machineOf, nvsmiOn, recorded } from './oracle.js';

/** Where nvsmi is right on purpose, or is as a newer nvidia-smi is. docs/differences.md has them. */
const OURS: ReadonlySet<string> = new Set([
  // The second GPU gets what was asked for, too.
  '-lgc tdp,unlimited',
  // Ids are numbers: nvidia-smi takes a word for instance 0, and destroys that.
  'mig -dgi -gi x',
  'mig -dci -gi 7 -ci x',
  "mig -dgi -gi ''",
  'mig -dgi -gi -i 0',
  // The first word that nothing knows is named, wherever it is.
  'bogus -pm 0',
  '-pm 0 -q bogus',
  // As 580 refuses it.
  '-pl 300 -i 0:0',
]);

/** The same with older drivers: no value of theirs is meant, or it is refused before any GPU is asked. */
const OURS_OF_OLDER: ReadonlySet<string> = new Set([
  ...OURS,
  '-t x',
  '-pm abc -i 9',
  '-pm x -i x',
  '-lgc 900 -m -1',
  // 470 takes each number but 0 for on, the last -i alone, and an instance profile that came later.
  '-mig 5',
  '-mig 2',
  '-pm 0 -i 0 -i 1',
  '-pm 0 --id=1',
  'mig -cgi 1g.5gb+me',
  // Its -eow: a warning of a mode that it replaces.
  '-c 1 -eow',
  // It has watts with 53 bits.
  '-pl 700.001',
  '-pl 4294967.295',
  // It lists fewer profiles.
  'mig -C -lgip',
  'mig -cci -lgip',
  'mig -cgi 19 -lgip',
  'mig -dci -lgip',
  'mig -dgi -lgip',
  // What is refused, as nothing goes with it, it sets.
  'boost-slider --vboost 1 -l',
  'compute-policy --set-timeslice 1 -l',
  // 525 crashes.
  '-lmcd -1',
  '-lmcd -5',
  '-pm 0 -eow -eow',
  // Options that came later are accepted.
  '-eow',
  '-i 0 -eow',
]);

/** 470 makes no compute instance at a place. */
const hasPlace = (line: string): boolean => /-cci \d+:/.test(line);

const machines = [...new Set(recorded().map(({ machine }) => machine))];

describe.skipIf(compiler === undefined)('what changes a GPU is said as nvidia-smi says it', () => {
  it('on more than 300 command lines, of which 98 % are compared', () => {
    const lines = recorded().flatMap((one) => one.lines);
    expect(lines.length).toBeGreaterThan(300);
    expect(lines.filter((line) => OURS.has(line)).length / lines.length).toBeLessThan(0.02);
  });

  it.each(machines)('on %s', { timeout: 120_000 }, async (machine) => {
    for (const one of recorded().filter((each) => each.machine === machine)) {
      const library = await machineOf(one);
      for (const [i, line] of one.lines.entries()) {
        const { out, status } = await nvsmiOn(library, line);
        // A list beside a setter has the layout of the machine's own driver.
        if (OURS.has(line) || out.startsWith('+--')) continue;
        const of = `${one.machine} ${JSON.stringify(one.faults)} | ${line}`;
        expect({ of, out, status }).toEqual({ of, ...one.answers[i] });
      }
    }
  });
});

describe.skipIf(compiler === undefined)('with an older driver its words are followed', () => {
  it.each(DRIVERS.slice(1))(
    '%s, but for command lines that it cannot read',
    { timeout: 240_000 },
    async (driver) => {
      for (const one of recorded(driver)) {
        const library = await machineOf(one, driver);
        for (const [i, line] of one.lines.entries()) {
          const { out, status } = await nvsmiOn(library, line);
          const answer = one.answers[i];
          // The line of a lost GPU is not a setter's.
          const isOurs =
            OURS_OF_OLDER.has(line) ||
            one.machine === 'lost-gpu' ||
            (driver.startsWith('470') && one.lines.some(hasPlace));
          if (answer === undefined || isRefusal(answer) || isOurs) continue;
          const of = `${one.machine} ${JSON.stringify(one.faults)} | ${line}`;
          expect({ of, out, status }).toEqual({ of, ...answer });
        }
      }
    },
  );
});
