/** Setters that are one attempt on each GPU: a line of each, and the worst status at the end. */

import type { Acting, Attempt } from '../../act/acting.js';
import type { Target } from '../../act/action.js';
import { targetOf } from '../../act/ask.js';
import type { Gpu } from '../../nvml/session.js';
import { lostLines, reachable, statusOf } from './lost.js';

interface EachGpu {
  /** The line above what is said of a GPU. */
  readonly heading?: (gpu: Gpu) => string;
  /** The first failure ends the command. */
  readonly endsAtFailure?: boolean;
}

export function onEachGpu(
  acting: Acting,
  gpus: readonly Gpu[],
  attempts: (target: Target) => readonly Attempt[],
  { heading, endsAtFailure = false }: EachGpu = {},
): number {
  let worst = 0;
  for (const gpu of reachable(gpus)) {
    if (heading !== undefined) acting.say(heading(gpu));
    for (const attempt of attempts(targetOf(acting.asker, gpu))) {
      const { outcome, status, lines, isQuiet } = acting.attempt(attempt);
      acting.say(lines.map((line) => `${line}\n`).join(''));
      if (outcome === 'failed' && !isQuiet) worst ||= status;
      if (worst !== 0 && endsAtFailure) return acting.finish(worst);
    }
  }
  acting.say(lostLines(gpus));
  return acting.finish(statusOf(gpus) || worst);
}
