/** What the processes of a GPU used of its engines since the last time they were asked about. */
import { type Call, isOut, type Out } from '../../nvml/call.js';
import { callOf } from '../../nvml/call-of.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND } from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetProcessesUtilizationInfo,
  nvmlDeviceGetProcessUtilization,
} from '../../nvml/generated/entries.js';
import {
  nvmlProcessesUtilizationInfo_v1_t,
  nvmlProcessUtilizationInfo_v1_t,
  nvmlProcessUtilizationSample_t,
} from '../../nvml/generated/layouts.js';
import type { Layout } from '../../nvml/layout.js';
import { arrayAt, filledOf, LIST_HEAD, READ } from '../../nvml/memory.js';
import { isTooNew, type Status } from '../../nvml/status.js';
import { type Asking, ask } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { asking } from '../probe.js';
import type { Answer } from '../reading.js';

const ENGINES = ['sm', 'mem', 'enc', 'dec', 'jpg', 'ofa'] as const;
export type Engine = (typeof ENGINES)[number];

/** Percent by engine; an engine that the driver says nothing about is left out. */
export type EngineUse = Readonly<Partial<Record<Engine, number>>>;

/** How many samples a call has left. */
const itemsIn = (question: Call, memory: Buffer): number =>
  filledOf(question.args.find(isOut) as Out, memory);

const NOTHING: ReadonlyMap<number, EngineUse> = new Map();

/**
 * NVML answers with the samples that are newer than the time it is given: each GPU is asked with the time of its newest
 * sample so far. From nvmlDeviceGetProcessesUtilizationInfo, or from nvmlDeviceGetProcessUtilization, which knows no JPEG and
 * OFA engines.
 */
export class ProcessUtilization {
  private outdated = false;
  /** Microseconds since the epoch. */
  private lastSeen: number | bigint = 0;

  private status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;

  constructor(private readonly gpu: Subject) {}

  /** When the newest sample so far was taken, in milliseconds since the epoch; undefined before the first. */
  get newest(): number | undefined {
    return this.lastSeen === 0 ? undefined : Number(this.lastSeen) / 1000;
  }

  /** How the last call ended. */
  get answered(): Status {
    return this.status;
  }

  /** The use by pid since the last call; a process without newer samples is not in it. */
  *sample(): Asking<ReadonlyMap<number, EngineUse>> {
    if (!this.outdated) {
      const question = callOf(nvmlDeviceGetProcessesUtilizationInfo, this.since);
      const answer = yield* this.ask(question);
      this.status = answer.status;
      const memory = answer.memory();
      if (memory !== undefined) {
        const first = arrayAt(nvmlProcessesUtilizationInfo_v1_t);
        return this.read(memory, first, itemsIn(question, memory), nvmlProcessUtilizationInfo_v1_t);
      }
      if (!isTooNew(answer.status)) return NOTHING;
      this.outdated = true;
    }
    return yield* this.older();
  }

  private *older(): Asking<ReadonlyMap<number, EngineUse>> {
    const question = callOf(nvmlDeviceGetProcessUtilization, this.since);
    const answer = yield* this.ask(question);
    this.status = answer.status;
    const memory = answer.memory();
    if (memory === undefined) return NOTHING;
    return this.read(memory, LIST_HEAD, itemsIn(question, memory), nvmlProcessUtilizationSample_t);
  }

  private get since(): { readonly lastSeenTimeStamp: number } {
    return { lastSeenTimeStamp: Number(this.lastSeen) };
  }

  /** The time is a part of the question, so every tick has a question of its own. */
  private ask(question: Call): Asking<Answer> {
    return ask(asking(`${question.fn} since ${this.lastSeen}`, question), this.gpu);
  }

  /** The newest sample of each process. */
  private read(memory: Buffer, from: number, count: number, layout: Layout): ReadonlyMap<number, EngineUse> {
    const number = (at: number, field: string): number | bigint | undefined => {
      const place = layout.fields[field];
      return place === undefined ? undefined : READ[place[0] as 'u32' | 'u64'](memory, at + place[1]);
    };
    const newest = new Map<number, { readonly time: number | bigint; readonly at: number }>();
    for (let i = 0; i < count; i++) {
      const at = from + i * layout.size;
      const pid = Number(number(at, 'pid'));
      const time = number(at, 'timeStamp') ?? 0;
      if (time > this.lastSeen) this.lastSeen = time;
      if (time >= (newest.get(pid)?.time ?? 0)) newest.set(pid, { time, at });
    }
    const use = new Map<number, EngineUse>();
    for (const [pid, { at }] of newest) {
      const engines = ENGINES.flatMap((engine) => {
        const value = number(at, `${engine}Util`);
        return value === undefined ? [] : [[engine, Number(value)] as const];
      });
      use.set(pid, Object.fromEntries(engines));
    }
    return use;
  }
}
