/**
 * Asks probes at once, for the lists of a report. A probe that was asked at the last tick is bound already, and a static one
 * is not asked again. The cache forgets the probes that a tick did not ask for.
 */
import type { Driver } from '../nvml/call.js';
import { BoundProbe } from '../query/bound-probe.js';
import type { Subject } from '../query/plan.js';
import type { Probe } from '../query/probe.js';
import type { AskProbe } from '../query/table.js';

export class ProbeCache {
  private last = new Map<string, BoundProbe>();
  private now = new Map<string, BoundProbe>();

  constructor(private readonly driver: Driver) {}

  /** Begins a tick. Probes that the last tick did not ask for are let go, such as the names of processes that ended. */
  tick(): void {
    [this.last, this.now] = [this.now, new Map()];
  }

  /** A function that asks about one subject, if it is not told another. */
  about(subject: Subject): AskProbe {
    return (probe, of) => this.ask(probe, of ?? subject);
  }

  private ask(probe: Probe, subject: Subject): BoundProbe {
    const key = `${subject.handle ?? `lost ${subject.index}`}/${probe.lifetime}/${probe.name}`;
    let asked = this.now.get(key);
    if (asked !== undefined) return asked;
    const known = this.last.get(key);
    asked = known ?? new BoundProbe(probe, this.driver, subject.handle, subject.status);
    if (known === undefined || probe.lifetime === 'sample') asked.run();
    this.now.set(key, asked);
    return asked;
  }
}
