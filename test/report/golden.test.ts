/** The report prints what nvidia-smi 580.159.04 printed on the recorded machines, byte for byte. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HINTS } from '../cli/hints.js';
import { runOn } from './run.js';
import { sceneOf, timeOf } from './scene.js';

const GOLDEN = new URL('../golden/', import.meta.url);
const REPORTS = /^(q|qx|x|qu|load-q|load-qx|load-enc|load-pids|nb-q|loopq|loopx|qd-lower|file-bad)$|^(q|qx)-/;

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly argv: readonly string[];
  readonly out: string;
  readonly file: string | undefined;
}

function recorded(machine: string): readonly Recorded[] {
  const folder = new URL(`${machine}/`, GOLDEN);
  return readFileSync(new URL('INDEX.tsv', folder), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t') as [string, string, string])
    .filter(([name]) => REPORTS.test(name))
    .map(([name, exit, argv]) => ({
      name,
      status: Number(exit),
      argv: argv.split(' '),
      out: readFileSync(new URL(`${name}.out`, folder), 'utf8'),
      file: argv.includes('-f /tmp') ? readFileSync(new URL(`${name}.txt`, folder), 'utf8') : undefined,
    }));
}

/** A loop was ended from outside: its whole documents count, each with the readings of its own moment. */
function firstDocument(out: string): string {
  const second = out.slice(1).search(/\n==============NVSMI LOG|<\?xml/);
  return second === -1 ? out : out.slice(0, second + 1);
}

describe.each(['h100-x1', 'h200-x2'])('on the machine %s', (machine) => {
  const cases = recorded(machine);

  it('there are recorded reports to compare with', () => {
    expect(cases.length).toBeGreaterThan(35);
  });

  for (const { name, status, argv, out, file } of cases) {
    it(`nvsmi ${argv.join(' ')} prints what was recorded as ${name}`, async () => {
      const isLoop = status === 124;
      const report = isLoop ? firstDocument(out) : (file ?? out);
      const ours = await runOn(sceneOf(report), argv, { now: timeOf(report) });
      expect(ours.file === '' ? ours.out : ours.file).toBe(report);
      expect(ours.status).toBe(isLoop ? 0 : status);
      expect(ours.err).toMatch(ours.status === 0 ? /^$/ : HINTS);
    });
  }
});
