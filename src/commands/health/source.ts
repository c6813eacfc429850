/** Where health gets what it judges: NVML, the kernel log, and in a loop the events of NVML. */

import { type Finding, fail, unknown } from '../../base/verdict.js';
import type { GpuEvent } from '../../events/gpu-event.js';
import { kernelEvent } from '../../events/kernel-events.js';
import { NvmlEvents } from '../../events/nvml-events.js';
import type { Performance } from '../../format/nagios.js';
import type { Health } from '../../health/check.js';
import { span } from '../../health/rate.js';
import { driverVersion, type GpuReadings, readGpus } from '../../health/readings.js';
import type { Gpu, Session } from '../../nvml/session.js';
import { Asker } from '../../query/ask/asker.js';
import type { KernelLog } from '../../system/kernel-log.js';
import type { Context } from '../context.js';
import { chosenGpus } from '../runner/select.js';
import { kernelLogOf, type NoLog } from '../runner/system-option.js';

const MICROSECONDS_PER_HOUR = 3_600_000_000;

/** One look at everything. */
export type Observation = Pick<
  Health,
  'gpus' | 'count' | 'isWhole' | 'now' | 'driver' | 'log' | 'since' | 'unread'
> & {
  readonly performance: readonly Performance[];
};

interface HealthSourceOptions {
  readonly context: Context;
  readonly root: string | undefined;
  readonly id: string | undefined;
  readonly isLoop: boolean;
  /**
   * What to call the first look, where the events of NVML from then on are enough: who runs for months without the right to the
   * kernel log watches for himself. Without it, no log means that nothing is known.
   */
  readonly watchedSince?: string;
}

export class HealthSource {
  private readonly seen: GpuEvent[] = [];
  private events: NvmlEvents | undefined;

  private constructor(
    private readonly context: Context,
    private readonly log: KernelLog | NoLog,
    /** Why there is nothing to look at. */
    readonly failure: Finding | undefined,
    private readonly asker: Asker | undefined,
    private readonly gpus: readonly Gpu[],
    private readonly isLoop: boolean,
    private readonly watchedSince: string | undefined,
  ) {}

  /** Opens NVML. One that cannot be opened is a finding. Throws UsageError for GPUs that are not there. */
  static async open({ context, root, id, isLoop, watchedSince }: HealthSourceOptions): Promise<HealthSource> {
    const log = kernelLogOf(root, context);
    let session: Session;
    try {
      ({ session } = await context.machine());
    } catch (error) {
      if (!(error instanceof Error) || !['DeadLibrary', 'KoffiNotFound'].includes(error.name)) throw error;
      return new HealthSource(context, log, deadLibrary(error), undefined, [], isLoop, watchedSince);
    }
    const gpus = id === undefined ? session.gpus : await chosenGpus(session, id);
    // An asker of its own: what the answers mean for the exit status the verdicts say.
    return new HealthSource(context, log, undefined, new Asker(session), gpus, isLoop, watchedSince);
  }

  /** Reads these names of all GPUs, and what happened since the last look. */
  async look(names: readonly string[]): Promise<Observation> {
    const now = this.context.io.now();
    const { asker, gpus } = this;
    if (asker === undefined)
      return {
        gpus: [],
        count: 0,
        isWhole: true,
        now,
        driver: undefined,
        log: this.logged(),
        performance: [],
      };
    const read = await readGpus(asker, gpus, names);
    await this.see(read, asker);
    return {
      gpus: read,
      count: asker.session.gpus.length,
      isWhole: gpus.length === asker.session.gpus.length,
      now,
      driver: await asker.start(driverVersion()),
      log: this.logged(),
      unread: 'reason' in this.log && !this.isWatched ? this.log : undefined,
      since: this.since,
      performance: read.flatMap(performanceOf),
    };
  }

  /** The events of NVML begin with the first look of a loop; the log has what was before it. */
  private async see(read: readonly GpuReadings[], asker: Asker): Promise<void> {
    if (!this.isLoop) return;
    if (this.events === undefined) {
      this.events = await NvmlEvents.open(asker, this.gpus);
      return;
    }
    for (const { gpu, ...event } of await this.events.poll()) {
      this.seen.push({ ...event, busId: read.find(({ index }) => index === gpu)?.busId });
    }
  }

  /** Whether NVML reports the events of every GPU that has a handle. */
  private get isWatched(): boolean {
    const { events, watchedSince } = this;
    if (watchedSince === undefined || events === undefined) return false;
    return this.gpus.every(({ index, handle }) => handle === undefined || !events.refused.has(index));
  }

  /** Since when the events are known, where that is not the boot. */
  private get since(): string | undefined {
    if ('reason' in this.log) return this.watchedSince;
    const { begins, overwritten } = this.log;
    if (begins === undefined)
      return overwritten === 0
        ? undefined
        : `the boot, but for ${overwritten} lines of the kernel log that were overwritten`;
    return `${span(begins.microseconds / MICROSECONDS_PER_HOUR)} after the boot, where the kernel log begins`;
  }

  private logged(): Health['log'] {
    if ('reason' in this.log) return this.seen.length === 0 && !this.isWatched ? this.log : this.seen;
    this.seen.push(...this.log.read().flatMap((record) => kernelEvent(record) ?? []));
    return this.seen;
  }
}

function deadLibrary(error: Error): Finding {
  const { message, hint } = error as Error & { readonly hint?: string };
  const why = message.trim().replace(/\s*\n\s*/g, ' ');
  const action = 'Run nvsmi doctor.';
  // Without koffi this program is broken, and the GPUs may be well.
  const judged =
    error.name === 'KoffiNotFound'
      ? unknown(why, 'Install nvsmi as a whole.')
      : fail(why, hint === undefined ? action : `${hint.replace(/\s*\n\s*/g, ' ')} ${action}`);
  return { check: 'nvml', ...judged };
}

/** Table: what is given as performance data, and the readings that bound it. */
const PERFORMANCE: readonly (readonly [
  name: string,
  unit: Performance['unit'],
  warn?: string | undefined,
  critical?: string | undefined,
  most?: string | number,
])[] = [
  ['temperature.gpu', 'C', 'temperature.gpu.max', 'temperature.gpu.slowdown'],
  ['power.draw', 'W', undefined, undefined, 'enforced.power.limit'],
  ['utilization.gpu', '%', undefined, undefined, 100],
  ['memory.used', 'MB', undefined, undefined, 'memory.total'],
];

/** Nagios counts in MB; NVML in MiB. */
const MEBIBYTE_MB = 1.048576;

function performanceOf({ index, answers }: GpuReadings): readonly Performance[] {
  const number = (name: string | number | undefined): number | undefined => {
    if (typeof name === 'number') return name;
    const value = name === undefined ? undefined : answers[name]?.value;
    return typeof value === 'number' ? value : undefined;
  };
  return PERFORMANCE.flatMap(([name, unit, warn, critical, most]): Performance[] => {
    const value = number(name);
    if (value === undefined) return [];
    const scaled = (bound: number | undefined) =>
      bound === undefined || unit !== 'MB' ? bound : Math.round(bound * MEBIBYTE_MB);
    return [
      {
        label: `gpu${index}_${name}`,
        value: scaled(value) ?? value,
        unit,
        warn: number(warn),
        critical: number(critical),
        most: scaled(number(most)),
      },
    ];
  });
}
