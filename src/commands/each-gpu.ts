/** Setters that are one attempt on each GPU: a line of each, and the worst status at the end. */

import type { Acting, Attempt } from '../act/acting.js';
import type { Target } from '../act/action.js';
import { targetOf } from '../act/ask.js';
import type { Gpu } from '../nvml/session.js';
import { lostLines, reachable, statusOf } from './lost.js';

export function onEachGpu(
  acting: Acting,
  gpus: readonly Gpu[],
  attempts: (target: Target) => readonly Attempt[],
): number {
  let worst = 0;
  for (const gpu of reachable(gpus)) {
    for (const attempt of attempts(targetOf(acting.asker, gpu))) {
      const { outcome, status, lines } = acting.attempt(attempt);
      acting.say(lines.map((line) => `${line}\n`).join(''));
      if (outcome === 'failed') worst ||= status;
    }
  }
  acting.say(lostLines(gpus));
  return acting.finish(statusOf(gpus) || worst);
}
