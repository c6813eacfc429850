/** Answers for lists, at once. What was asked at the last tick is bound already; the rest is forgotten. */
import type { Driver } from '../nvml/call.js';
import { Asked } from '../query/asked.js';
import type { Subject } from '../query/plan.js';
import type { Probe } from '../query/probe.js';
import type { AskNow } from '../query/table.js';

export class Teller {
  private last = new Map<string, Asked>();
  private now = new Map<string, Asked>();

  constructor(private readonly driver: Driver) {}

  /** Begins a tick: what it does not ask again is let go, such as the names of processes that ended. */
  tick(): void {
    [this.last, this.now] = [this.now, new Map()];
  }

  /** For the lists of one subject. */
  about(subject: Subject): AskNow {
    return (probe, of) => this.ask(probe, of ?? subject);
  }

  private ask(probe: Probe, subject: Subject): Asked {
    const key = `${subject.handle ?? `lost ${subject.index}`}/${probe.name}`;
    let asked = this.now.get(key);
    if (asked !== undefined) return asked;
    const known = this.last.get(key);
    asked = known ?? new Asked(probe, this.driver, subject.handle, subject.status);
    if (known === undefined || probe.lifetime === 'sample') asked.run();
    this.now.set(key, asked);
    return asked;
  }
}
