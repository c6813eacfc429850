/** What does not answer, and when it answers again: said once for each lane. */
import type { FunctionName } from '../../generated/functions.js';
import { nameOfLane } from './handles.js';
import type { Pending } from './waiting.js';

export class Silence {
  /** The call that was given up in each lane. */
  private readonly silent = new Map<string, Pending>();

  constructor(private readonly report: (line: string) => void) {}

  /** These calls were given up. */
  begin(stuck: readonly Pending[]): void {
    const news = stuck.filter(({ lane }) => !this.silent.has(lane));
    for (const pending of news) this.silent.set(pending.lane, pending);
    if (news.length > 0) this.report(`no answer from ${news.map((each) => waitOf(each)).join(', ')}`);
  }

  /** Something was answered in a lane, which answers again where that is what did not answer. True where everything does now. */
  end(fn: FunctionName, lane: string): boolean {
    const pending = this.silent.get(lane);
    if (pending?.fn !== fn) return false;
    this.silent.delete(lane);
    this.report(`an answer again from ${waitOf(pending, 'after')}`);
    return this.silent.size === 0;
  }
}

const secondsSince = (time: number): string => `${((performance.now() - time) / 1000).toFixed(1)} s`;

/** nvmlDeviceGetTemperature (GPU 1) */
export function callOf({ fn, lane }: Pending): string {
  const about = nameOfLane(lane);
  return about === '' ? fn : `${fn} (${about})`;
}

const waitOf = (pending: Pending, how: 'for' | 'after' = 'for'): string =>
  `${callOf(pending)} ${how} ${secondsSince(pending.since)}`;
