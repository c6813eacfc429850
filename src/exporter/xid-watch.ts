/**
 * Counts Xid errors: NVML queues them as events of a set until they are read. What happened before the exporter began to watch
 * is not known.
 */
import type { Bound, Driver, Handle } from '../nvml/call.js';
import { callOf } from '../nvml/call-of.js';
import { NVML_ERROR_UNINITIALIZED, nvmlEventTypeXidCriticalError } from '../nvml/generated/constants.js';
import {
  nvmlDeviceRegisterEvents,
  nvmlEventSetCreate,
  nvmlEventSetFree,
  nvmlEventSetWait,
  nvmlEventSetWait_v2,
} from '../nvml/generated/entries.js';
import { nvmlEventData_t } from '../nvml/generated/layouts.js';
import type { Gpu } from '../nvml/session.js';
import { ask, askAnywhere } from '../nvml/session.js';
import { NO_ANSWER } from '../nvml/status.js';
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
  private set: Handle | undefined;
  private wait: Bound | undefined;
  private readonly seen = new Map<Handle, Map<number, Seen>>();
  private readonly newest = new Map<Handle, number>();

  constructor(
    private readonly driver: Driver,
    private readonly gpus: readonly Gpu[],
  ) {}

  /** Begins to watch. What was queued before is not there. */
  async begin(): Promise<void> {
    const { driver, gpus } = this;
    const made = await askAnywhere(driver, callOf(nvmlEventSetCreate));
    const set = made.status === 0 ? (made.memory[0]?.readBigUInt64LE(0) as Handle | undefined) : undefined;
    if (set === undefined) return;
    this.set = set;
    for (const { handle: device } of gpus) {
      if (device === undefined) continue;
      const eventTypes = nvmlEventTypeXidCriticalError;
      const registered = await askAnywhere(
        driver,
        callOf(nvmlDeviceRegisterEvents, { device, eventTypes, set }),
      );
      if (registered.status === 0 && !this.seen.has(device)) this.seen.set(device, new Map());
    }
    const at = { set, timeoutms: 0 };
    this.wait = driver.bind(callOf(nvmlEventSetWait_v2, at)) ?? driver.bind(callOf(nvmlEventSetWait, at));
  }

  /** Reads the events that are queued. */
  async drain(now: number): Promise<void> {
    const { isElsewhere } = this.driver;
    if (isElsewhere && this.wait === undefined) await this.begin();
    const { wait, seen } = this;
    if (wait === undefined || seen.size === 0) return;
    for (let read = 0; read < MOST_EVENTS; read++) {
      if (!isElsewhere) this.driver.beginSample?.(this);
      const status = isElsewhere ? await wait.start() : wait.run();
      // The set was in a process that is gone, or is stuck: the next look makes another.
      if (status === NO_ANSWER || status === NVML_ERROR_UNINITIALIZED) this.wait = undefined;
      if (status !== 0) break;
      const [data] = wait.memory as [Buffer];
      const { device, eventType, eventData } = nvmlEventData_t.fields;
      if (data.readBigUInt64LE(eventType[1]) !== BigInt(nvmlEventTypeXidCriticalError)) continue;
      const gpu = data.readBigUInt64LE(device[1]) as Handle;
      const numbers = seen.get(gpu);
      const xid = Number(data.readBigUInt64LE(eventData[1]));
      if (numbers === undefined || (!numbers.has(xid) && numbers.size >= MOST_NUMBERS)) continue;
      const count = (numbers.get(xid)?.count ?? 0) + 1;
      numbers.set(xid, { count, last: now });
      this.newest.set(gpu, xid);
    }
  }

  /** The number of the last Xid of a GPU, 0 where there was none; undefined where they are not watched. */
  lastOf({ handle: device }: Gpu): number | undefined {
    if (device === undefined || this.wait === undefined || !this.seen.has(device)) return undefined;
    return this.newest.get(device) ?? 0;
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
    const { driver, set } = this;
    // Another process ends with its sets.
    if (set !== undefined && !driver.isElsewhere) ask(this.driver, callOf(nvmlEventSetFree, { set }));
  }
}
