/** The events of some GPUs, which NVML queues in a set until they are read. */
import type { Bound, Driver, Handle } from './call.js';
import { callOf } from './call-of.js';
import { NVML_ERROR_UNINITIALIZED } from './generated/constants.js';
import {
  nvmlDeviceGetSupportedEventTypes,
  nvmlDeviceRegisterEvents,
  nvmlEventSetCreate,
  nvmlEventSetFree,
  nvmlEventSetWait,
  nvmlEventSetWait_v2,
} from './generated/entries.js';
import { nvmlEventData_t } from './generated/layouts.js';
import { ask, askAnywhere, type Gpu } from './session.js';
import { NO_ANSWER, type Status } from './status.js';

interface EventData {
  readonly device: Handle;
  /** nvmlEventType*. */
  readonly type: number;
  /** Of an Xid its number. */
  readonly data: number;
}

export class EventQueue {
  /** Why some GPUs have no events, by index. */
  readonly refused = new Map<number, Status>();
  private set: Handle | undefined;
  private wait: Bound | undefined;

  /** With all types that a GPU supports, or these. */
  constructor(
    private readonly driver: Driver,
    private readonly gpus: readonly Gpu[],
    private readonly types?: number,
  ) {}

  /** Begins to watch. What was queued before is not there. */
  async begin(): Promise<void> {
    this.beginInTime();
    await this.make();
  }

  /** The events since the last time, as many at most. Does not wait for one. */
  async read(most: number): Promise<readonly EventData[]> {
    const { isElsewhere } = this.driver;
    this.beginInTime();
    // The set was in a process that is gone, or is stuck.
    if (isElsewhere && this.wait === undefined) await this.make();
    const found: EventData[] = [];
    for (let i = 0; i < most && this.wait !== undefined; i++) {
      if (!isElsewhere) this.driver.beginSample?.(this);
      const status = isElsewhere ? await this.wait.start() : this.wait.run();
      if (status === NO_ANSWER || status === NVML_ERROR_UNINITIALIZED) this.wait = undefined;
      const memory = this.wait?.memory[0];
      if (status !== 0 || memory === undefined) break;
      const { device, eventType, eventData } = nvmlEventData_t.fields;
      found.push({
        device: memory.readBigUInt64LE(device[1]) as Handle,
        type: Number(memory.readBigUInt64LE(eventType[1])),
        data: Number(memory.readBigUInt64LE(eventData[1])),
      });
    }
    return found;
  }

  /** Whether a GPU's events are seen. */
  watches({ index }: Gpu): boolean {
    return this.wait !== undefined && !this.refused.has(index);
  }

  close(): void {
    const { driver, set } = this;
    // Another process ends with its sets.
    if (set !== undefined && !driver.isElsewhere) ask(driver, callOf(nvmlEventSetFree, { set }));
  }

  /** Another process has its own time for this. */
  private beginInTime(): void {
    if (this.driver.isElsewhere) this.driver.beginSample?.(this);
  }

  private async make(): Promise<void> {
    const { driver, refused } = this;
    refused.clear();
    const created = await askAnywhere(driver, callOf(nvmlEventSetCreate));
    if (created.status !== 0) {
      for (const { index } of this.gpus) refused.set(index, created.status);
      return;
    }
    const set = created.memory[0]?.readBigUInt64LE(0) as Handle;
    this.set = set;
    for (const gpu of this.gpus) {
      const status = gpu.handle === undefined ? gpu.status : await this.register(gpu.handle, set);
      if (status !== 0) refused.set(gpu.index, status);
    }
    const at = { set, timeoutms: 0 };
    this.wait = driver.bind(callOf(nvmlEventSetWait_v2, at)) ?? driver.bind(callOf(nvmlEventSetWait, at));
  }

  private async register(device: Handle, set: Handle): Promise<Status> {
    const { driver } = this;
    let eventTypes = this.types;
    if (eventTypes === undefined) {
      const supported = await askAnywhere(driver, callOf(nvmlDeviceGetSupportedEventTypes, { device }));
      if (supported.status !== 0) return supported.status;
      eventTypes = Number(supported.memory[0]?.readBigUInt64LE(0) ?? 0n);
    }
    return (await askAnywhere(driver, callOf(nvmlDeviceRegisterEvents, { device, eventTypes, set }))).status;
  }
}
