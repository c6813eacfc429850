import { describe, expect, it } from 'vitest';
import type { FakeIo } from '../fake-io.js';
import { cases, NEEDS_A_SHELL } from '../golden/argv-cases.js';
import { HINTS } from './hints.js';
import { at, nvsmi } from './run.js';

interface Difference {
  readonly reason: string;
  readonly status: number;
  /** How nvsmi's answer begins. */
  readonly says?: string;
  /** When it looked at a second tick. */
  readonly period?: number;
}

/** A wrong option of a monitor, which nvidia-smi refuses with its usage and status 0. */
const monitorRefusal = (says: string): Difference => ({
  reason: 'a refusal that ends with 0 looks like success',
  status: 2,
  says: `${says}\n`,
});

const BAD_DELAY = (most: number): string =>
  `Collection delay/interval should be between 1 second and ${most} seconds`;

/** Where nvidia-smi is plainly wrong, or says what only its own help says: docs/differences.md. */
const DIFFERENT: Readonly<Record<string, Difference>> = {
  help: { reason: 'nvidia-smi has no such command', status: 0 },
  '-l -1': { reason: 'a negative period loops at full speed', status: 2 },
  '-lms abc --query-gpu=index --format=csv': { reason: 'a period that is no number loops', status: 2 },
  '-l 1.5 --query-gpu=index --format=csv': { reason: 'half a second is cut off', status: 0, period: 1500 },
  'dmon --bogus': monitorRefusal('Option "--bogus" is not recognized.'),
  'dmon extra': monitorRefusal('Option "extra" is not recognized.'),
  'pmon --bogus': monitorRefusal('Option "--bogus" is not recognized.'),
  'pmon extra': monitorRefusal('Option "extra" is not recognized.'),
  'dmon -c 1 -d 0': monitorRefusal(BAD_DELAY(600)),
  'dmon -c 1 -d abc': monitorRefusal(BAD_DELAY(600)),
  'dmon -c abc': monitorRefusal('Invalid value for number of samples to be displayed'),
  'pmon -c 1 -d 11': monitorRefusal(BAD_DELAY(10)),
};

const ENDED = 124;

/** What differs from moment to moment; of the lines of a monitor all numbers, which keep their places. */
const still = (line: string): string =>
  /^ +\d/.test(line)
    ? line.replace(/ *[\d:]+/g, (cell) => (cell.startsWith('  ') ? '~'.padStart(cell.length) : ' ~'))
    : line
        .replace(/\d\d:\d\d:\d\d(\.\d{3})?/g, '<time>')
        .replace(/\d\dC /g, '<C> ')
        .replace(/ \d\dW /g, ' <W> ');

describe('a recorded command line', () => {
  it('is there often enough to compare with', () => {
    expect(cases.length).toBeGreaterThan(160);
    const known = new Set(cases.map(({ command }) => command));
    expect([...Object.keys(DIFFERENT), ...NEEDS_A_SHELL].filter((command) => !known.has(command))).toEqual(
      [],
    );
  });

  for (const { command, argv, env, status, lines } of cases) {
    const different = DIFFERENT[command];
    if (NEEDS_A_SHELL.includes(command)) continue;
    if (different !== undefined) {
      it(`is answered otherwise on purpose: ${command} (${different.reason})`, async () => {
        const { status, out, io } = await nvsmi(argv, { until: ({ slept }) => slept.length >= 2 });
        const { period } = different;
        const start = at('01:41:50.000');
        expect(status).toBe(different.status);
        expect(io.slept).toEqual(period === undefined ? [] : [start + period, start + 2 * period]);
        if (different.says !== undefined) expect(out).toBe(different.says);
      });
      continue;
    }
    it(`is answered as nvidia-smi answers it: ${command === '' ? '(empty)' : command}`, async () => {
      // Prose is ours, and nothing that is compared follows it.
      const usage = lines.findIndex((line) => line.startsWith('(usage text'));
      const wanted = usage === -1 ? lines : lines.slice(0, usage);
      const until = (io: FakeIo): boolean => io.output.split('\n').length > wanted.length;
      const ours = await nvsmi(argv, { env, until });
      const [file] = ours.io.files.values();
      const printed = (file ?? ours.out).split('\n');
      const compared = printed.slice(0, wanted.length);
      // The end came in the middle of a line.
      if (status === ENDED) compared.push((compared.pop() ?? '').slice(0, wanted.at(-1)?.length));
      expect(compared.map(still)).toEqual(wanted.map(still));
      expect(ours.status).toBe(status === ENDED ? 0 : status);
      // A refusal is all that is printed; a blank line may follow it.
      if (status !== 0 && status !== ENDED) expect(printed.slice(wanted.length).join('')).toBe('');
      // Only a refusal has more to say.
      expect(ours.err).toMatch(ours.status === 0 ? /^$/ : HINTS);
    });
  }
});
