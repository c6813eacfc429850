/**
 * Counts Xid errors: NVML queues them as events of a set until they are read. What happened before the exporter began to watch
 * is not known.
 */
import type { Driver, Handle } from '../nvml/call.js';
import { EventQueue } from '../nvml/event-queue.js';
import { nvmlEventTypeXidCriticalError } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import type { Labels, Observed } from './observed.js';

/** Events of one collection that are read. A GPU that fails in a loop fills the queue faster than it is read. */
const MOST_EVENTS = 1000;
/** Numbers of Xids that are counted apart, of one GPU. There are fewer than 200. */
const MOST_NUMBERS = 256;

interface Seen {
  count: number;
  last: number;
}

export class XidWatch {
  private readonly queue: EventQueue;
  private readonly seen = new Map<Handle, Map<number, Seen>>();
  private readonly newest = new Map<Handle, number>();

  constructor(driver: Driver, gpus: readonly Gpu[]) {
    this.queue = new EventQueue(driver, gpus, nvmlEventTypeXidCriticalError);
    for (const { handle } of gpus) if (handle !== undefined) this.seen.set(handle, new Map());
  }

  /** Begins to watch. What was queued before is not there. */
  begin(): Promise<void> {
    return this.queue.begin();
  }

  /** Reads the events that are queued. */
  async drain(now: number): Promise<void> {
    for (const { device, type, data: xid } of await this.queue.read(MOST_EVENTS)) {
      const numbers = this.seen.get(device);
      if (type !== nvmlEventTypeXidCriticalError || numbers === undefined) continue;
      if (!numbers.has(xid) && numbers.size >= MOST_NUMBERS) continue;
      const count = (numbers.get(xid)?.count ?? 0) + 1;
      numbers.set(xid, { count, last: now });
      this.newest.set(device, xid);
    }
  }

  /** The number of the last Xid of a GPU, 0 where there was none; undefined where they are not watched. */
  lastOf(gpu: Gpu): number | undefined {
    if (gpu.handle === undefined || !this.queue.watches(gpu)) return undefined;
    return this.newest.get(gpu.handle) ?? 0;
  }

  /** A record for each number that was seen of a GPU. */
  of(gpu: Gpu, of: Labels): readonly Observed[] {
    const numbers = gpu.handle === undefined ? undefined : this.seen.get(gpu.handle);
    return [...(numbers ?? [])].map(([xid, { count, last }]) => ({
      relation: 'xid',
      labels: { ...of, xid: String(xid) },
      values: { 'xid.errors': count, 'xid.last_timestamp': last },
    }));
  }

  close(): void {
    this.queue.close();
  }
}
