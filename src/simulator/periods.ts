/** A recording that moves, as answers that are each given for some time. */
import { own } from '../base/form.js';
import type { Answers } from '../snapshot/answer-key.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { Period } from './answer-lines.js';

/** How long all moments take together, in milliseconds; 0 for a single one. The last takes as long as the others do. */
export function roundOf({ ticks = [] }: Snapshot): number {
  const last = ticks.at(-1)?.ms ?? 0;
  return ticks.length === 0 ? 0 : Math.round(last + last / ticks.length);
}

/** What never changes, and what does, each part with its time. */
export function periodsOf(snapshot: Snapshot): readonly Period[] {
  const { calls, ticks = [] } = snapshot;
  const moments = [{ ms: 0, calls }, ...ticks];
  const periods = new Map<string, Required<Period>>();
  const still: [string, Answers][] = [];
  for (const [fn, answers] of Object.entries(calls)) {
    const moving = new Set(ticks.flatMap((tick) => Object.keys(own(tick.calls, fn) ?? {})));
    still.push([fn, Object.fromEntries(Object.entries(answers).filter(([key]) => !moving.has(key)))]);
    for (const key of moving) {
      const changes = moments.flatMap(({ ms, calls: changed }) => {
        const answer = own(own(changed, fn) ?? {}, key);
        return answer === undefined ? [] : [{ ms, answer }];
      });
      changes.forEach(({ ms: from, answer }, i) => {
        const until = changes[i + 1]?.ms ?? roundOf(snapshot);
        const name = `${from} ${until}`;
        const before = periods.get(name)?.calls ?? {};
        const calls = { ...before, [fn]: { ...own(before, fn), [key]: answer } };
        periods.set(name, { from, until, calls });
      });
    }
  }
  return [{ calls: Object.fromEntries(still) }, ...periods.values()];
}
