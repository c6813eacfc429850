/** Where events come from: NVML's event set and the kernel log, each once though both have the Xids. */

import type { Io } from '../../base/io.js';
import { Bursts } from '../../events/bursts.js';
import type { GpuEvent } from '../../events/gpu-event.js';
import { kernelEvent } from '../../events/kernel-events.js';
import { NvmlEvents } from '../../events/nvml-events.js';
import type { TimedEvent } from '../../format/events.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, statusReason } from '../../nvml/status.js';
import { Asker } from '../../query/ask/asker.js';
import { type Asking, together } from '../../query/ask/asking.js';
import { gpuFields } from '../../query/gpu-fields.js';
import type { KernelLog, LogRecord } from '../../system/kernel-log.js';
import { pciAddress } from '../../system/pci-gpus.js';
import { type System, Unread } from '../../system/system.js';
import type { Context } from '../context.js';
import { chosenGpus } from '../runner/select.js';
import { kernelLogOf, systemOf } from '../runner/system-option.js';

interface EventSourceOptions {
  readonly id: string | undefined;
  readonly root: string | undefined;
  readonly isSinceBoot: boolean;
}

interface KnownEvents {
  readonly index: number;
  readonly uuid: string | undefined;
  readonly busId: string | undefined;
}

/** Milliseconds in which the other source reports the same Xid. */
const SAME = 5000;
/** Milliseconds between looks for GPUs that went without an event. */
const LOST_PERIOD = 5000;

export class EventSource {
  /** When an Xid of a GPU was reported, and by whom. */
  private readonly reported = new Map<string, { readonly source: string; readonly time: number }>();
  private readonly bursts = new Bursts<TimedEvent>();
  private lookedForLost: number;
  private saidOverwritten = 0;

  private constructor(
    private readonly io: Io,
    private readonly known: readonly KnownEvents[],
    private readonly isAll: boolean,
    private readonly nvml: NvmlEvents,
    private readonly log: KernelLog | undefined,
    /** Milliseconds since the epoch. */
    private readonly boot: number | undefined,
    /** What will not be seen, and why. */
    readonly missing: readonly string[],
    /** Records to begin with. */
    private unseen: readonly LogRecord[],
  ) {
    this.lookedForLost = io.elapsed();
  }

  static async open(context: Context, { id, root, isSinceBoot }: EventSourceOptions): Promise<EventSource> {
    const { io } = context;
    const log = kernelLogOf(root, context);
    const { session } = await context.machine();
    const gpus = id === undefined ? session.gpus : await chosenGpus(session, id);
    // An asker of its own: what it answers is an event, and no exit status.
    const asker = new Asker(session);
    const nvml = await NvmlEvents.open(asker, gpus);
    const missing = [...nvml.refused].map(
      ([index, status]) => `NVML has no events of GPU ${index}: ${statusReason(status)}`,
    );
    if ('reason' in log) missing.push(`the kernel log is not followed: ${log.reason}. ${log.remedy}`);
    const open = 'reason' in log ? undefined : log;
    // What is in the log already is not new.
    const old = open?.read() ?? [];
    if (isSinceBoot && open?.begins !== undefined)
      missing.push(
        `the kernel log begins ${(open.begins.microseconds / 1e6).toFixed(0)} s after the boot: older lines were overwritten`,
      );
    const known = await asker.start(together(gpus.map(identityOf)));
    return new EventSource(
      io,
      known,
      id === undefined,
      nvml,
      open,
      bootTime(systemOf(root, context), io.now()),
      missing,
      isSinceBoot ? old : [],
    );
  }

  /** What happened since the last look. */
  async poll(): Promise<readonly TimedEvent[]> {
    const now = this.io.now();
    const records = [...this.unseen, ...(this.log?.read() ?? [])];
    this.unseen = [];
    const fromLog = records.flatMap((record): TimedEvent[] => {
      const event = kernelEvent(record);
      if (event === undefined) return [];
      const seconds = record.microseconds / 1e6;
      const time = this.boot === undefined ? undefined : this.boot + seconds * 1000;
      const gpu = this.known.find(({ busId }) => busId !== undefined && busId === event.busId);
      if (gpu === undefined && !this.isAll) return [];
      return [{ ...event, time, secondsSinceBoot: seconds, gpu: gpu?.index, uuid: gpu?.uuid }];
    });
    const lost = this.isDue() ? await this.nvml.pollLost() : [];
    const fromNvml = [...(await this.nvml.poll()), ...lost].map(({ gpu, ...event }): TimedEvent => {
      const known = this.known.find(({ index }) => index === gpu);
      return { ...event, time: now, gpu: known?.index, uuid: known?.uuid, busId: known?.busId };
    });
    const news = [...fromLog, ...fromNvml].filter((event) => this.isNew(event, now));
    return this.bursts.pass(news, this.io.elapsed());
  }

  /** What was seen, and waited to be reported with others. */
  rest(): readonly TimedEvent[] {
    return this.bursts.end(this.io.elapsed());
  }

  /** Lines of the kernel log that were overwritten before they were read, since this was last asked. */
  overwritten(): number {
    const all = this.log?.overwritten ?? 0;
    const news = all - this.saidOverwritten;
    this.saidOverwritten = all;
    return news;
  }

  close(): void {
    this.log?.close();
    this.nvml.close();
  }

  private isDue(): boolean {
    const elapsed = this.io.elapsed();
    if (elapsed - this.lookedForLost < LOST_PERIOD) return false;
    this.lookedForLost = elapsed;
    return true;
  }

  private isNew({ kind, xid, busId, source }: GpuEvent, now: number): boolean {
    if (kind !== 'xid') return true;
    const key = `${busId} ${xid}`;
    const before = this.reported.get(key);
    if (before !== undefined && before.source !== source && now - before.time < SAME) return false;
    this.reported.set(key, { source, time: now });
    return true;
  }
}

function* identityOf(gpu: Gpu): Asking<KnownEvents> {
  const [uuid, busId] = yield* gpuFields(['uuid', 'pci.bus_id'], gpu);
  const place = busId instanceof Missing || busId === undefined ? gpu.busId : String(busId);
  return {
    index: gpu.index,
    uuid: uuid instanceof Missing || uuid === undefined ? undefined : String(uuid),
    busId: place === undefined ? undefined : pciAddress(place),
  };
}

/** When the machine was booted, in milliseconds since the epoch. */
function bootTime(system: System, now: number): number | undefined {
  const uptime = system.read('/proc/uptime');
  const seconds = uptime instanceof Unread ? Number.NaN : Number.parseFloat(uptime);
  return Number.isFinite(seconds) ? now - seconds * 1000 : undefined;
}
