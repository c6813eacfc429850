/** What processes used of the engines, asked more often than the driver takes samples. */
import type { Asking } from '../ask/asking.js';
import type { EngineUse, ProcessUtilization } from './process-utilization.js';

/** At a short interval not every question finds a newer sample: how often the last answer is given again. */
const REPEATS = 5;

/** Percent of the engines by pid. */
export type EngineUses = ReadonlyMap<number, EngineUse>;

/** The newest use of the engines: the driver takes samples at its own pace. */
export function repeating(utilization: ProcessUtilization): () => Asking<EngineUses> {
  let last: EngineUses = new Map();
  let repeated = 0;
  return function* (): Asking<EngineUses> {
    const use = yield* utilization.sample();
    if (use.size > 0 || ++repeated > REPEATS) {
      last = use;
      repeated = 0;
    }
    return last;
  };
}
