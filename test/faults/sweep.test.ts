/** A sample of the fault sweep (npm run sweep): a status at a call of a command ends in a status, says so, and is never taken for well. */
import { afterAll, describe, expect, it } from 'vitest';
import { random } from '../cli/lying-recordings.js';
import { COMMANDS, STATUSES, Sweep } from './sweep.js';

const sweep = new Sweep();
afterAll(() => sweep.close());

/** Functions of each command, and statuses of each. */
const FUNCTIONS = 6;
const OF_EACH = 3;

describe('a call that fails', () => {
  it.each(COMMANDS.map((line, i) => [line, i] as const))(
    'is survived and shown by `nvsmi %s`',
    async (line, i) => {
      const next = random(i + 1);
      const picked = <T>(items: readonly T[], count: number): readonly T[] =>
        Array.from({ length: count }, () => items[Math.floor(next() * items.length)] as T);
      const wrong: string[] = [];
      for (const subject of ['', 'gpu1'] as const) {
        for (const fn of picked(sweep.answered(subject), FUNCTIONS)) {
          if ((await sweep.shownOf(line, subject, [fn])).length === 0) continue;
          for (const symbol of picked(STATUSES, OF_EACH)) {
            const what = await sweep.wrong(line, { fn, subject, symbol });
            if (what !== undefined) wrong.push(`${fn} of ${subject || 'all'} with ${symbol}: ${what}`);
          }
        }
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );
});
