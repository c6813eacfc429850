/** Events that come in bursts, such as changes of clocks under load: the first is reported at once, those after it as one. */
import type { GpuEvent } from './gpu-event.js';

/** Milliseconds that one line is about. An H200 changes its clocks ten times a second while it is asked about them. */
const BURST_PERIOD = 10_000;

interface Burst<E> {
  /** When one was reported last. */
  readonly since: number;
  /** What came since then. */
  readonly unreported: readonly E[];
}

export class Bursts<E extends GpuEvent> {
  private readonly bursts = new Map<string, Burst<E>>();

  /** The events to report now, in milliseconds of any clock: new ones, and those that waited for their time. */
  pass(events: readonly E[], now: number): readonly E[] {
    const reported: E[] = [];
    for (const event of events) {
      const key = `${event.busId} ${event.kind}`;
      const burst = this.bursts.get(key);
      if (event.isFrequent !== true) reported.push(event);
      else if (burst === undefined) {
        this.bursts.set(key, { since: now, unreported: [] });
        reported.push(event);
      } else this.bursts.set(key, { ...burst, unreported: [...burst.unreported, event] });
    }
    return [...this.end(now, BURST_PERIOD), ...reported];
  }

  /** What was not reported yet of bursts that are as old as this. */
  end(now: number, age = 0): readonly E[] {
    const reported: E[] = [];
    for (const [key, { since, unreported }] of this.bursts) {
      const last = unreported.at(-1);
      if (now - since < age) continue;
      if (last === undefined) this.bursts.delete(key);
      else {
        this.bursts.set(key, { since: now, unreported: [] });
        const seconds = ((now - since) / 1000).toFixed(0);
        reported.push({
          ...last,
          count: unreported.length,
          detail: unreported.length === 1 ? last.detail : `${unreported.length} times in ${seconds} s`,
        });
      }
    }
    return reported;
  }
}
