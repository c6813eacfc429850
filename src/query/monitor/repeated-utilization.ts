/** What processes used of the engines, asked more often than the driver takes samples. */
import type { Asker } from '../ask/asker.js';
import type { EngineUse, ProcessUtilization } from './process-utilization.js';

/** At a short interval not every question finds a newer sample: how often the last answer is given again. */
const REPEATS = 5;

/** The newest use of the engines: the driver takes samples at its own pace. */
export function repeating(
  asker: Asker,
  utilization: ProcessUtilization,
): () => ReadonlyMap<number, EngineUse> {
  let last: ReadonlyMap<number, EngineUse> = new Map();
  let repeated = 0;
  return () => {
    const use = asker.run(utilization.sample());
    if (use.size > 0 || ++repeated > REPEATS) {
      last = use;
      repeated = 0;
    }
    return last;
  };
}
