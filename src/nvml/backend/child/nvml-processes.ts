/**
 * Which process calls NVML. One that does not answer is replaced by another once that one has initialised NVML: until then it
 * continues to answer for the GPUs that do. A process may be in a call that cannot be killed, so there are few of them.
 */
import type { Call, Handle } from '../../call.js';
import { NVML_ERROR_UNINITIALIZED } from '../../generated/constants.js';
import type { FunctionName } from '../../generated/functions.js';
import type { Status } from '../../status.js';
import { Clock } from './clock.js';
import { Handles, nameOfLane } from './handles.js';
import type { Answered } from './messages.js';
import { type Listener, MOVED, type Moved, NvmlProcess, type Pending } from './nvml-process.js';
import type { Program } from './program.js';
import { leavesTime, stallOf } from './quick.js';

export interface ProcessesOptions {
  readonly program: Program;
  /** Milliseconds that a sample may take. */
  readonly timeout: number;
  /** Says what does not answer, and when it answers again: a line without its end. */
  readonly report: (line: string) => void;
  /** Handles that are known already. */
  readonly handles?: Handles | undefined;
  /** Calls are made one after another until one does not answer. */
  readonly isQuick?: boolean | undefined;
}

/** How one call is asked for, if not as all others of a sample. */
export interface Alone {
  /** It waits for no other call. */
  readonly isAlone?: boolean;
  readonly given?: readonly Uint8Array[] | undefined;
}

/** Processes at a time that do not answer, those that were killed and have not ended included. */
const MOST_STUCK = 3;

/** Milliseconds until a process is replaced; twice as many each time, up to a minute. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** Milliseconds that the program waits for the end of killed processes when it ends itself. */
const END_PATIENCE = 200;

export class NvmlProcesses implements Listener {
  /** Whether a call was not answered in time. */
  wasLate = false;
  private current: NvmlProcess;
  private next: NvmlProcess | undefined;
  /** Those that were killed and have not ended. */
  private readonly killed = new Set<NvmlProcess>();
  private readonly handles: Handles;
  private aloneCount = 0;
  /** How NVML was initialised. */
  private init: Call | undefined;
  /** The lanes that do not answer, and the call that was given up in each. */
  private readonly silent = new Map<string, Pending>();
  private readonly begun = performance.now();
  private pause = FIRST_PAUSE;
  private timer: NodeJS.Timeout | undefined;
  private stallTimer: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(private readonly options: ProcessesOptions) {
    this.handles = options.handles ?? new Handles();
    this.current = this.start();
  }

  get source(): string {
    return this.current.source ?? 'NVML';
  }

  clock(timeout = this.options.timeout): Clock {
    return new Clock(timeout, (clock) => this.giveUp(clock));
  }

  /** Asks for a call. Undefined where there is no answer in time. */
  async ask(
    call: Call,
    subject: Handle | undefined,
    clock: Clock,
    alone: Alone = {},
  ): Promise<Answered | undefined> {
    const begun = performance.now();
    let since: number | undefined;
    for (;;) {
      const answered = await this.askCurrent(call, subject, clock, alone, since);
      if (answered !== MOVED) return answered ?? this.late();
      since = begun;
    }
  }

  private async askCurrent(
    call: Call,
    subject: Handle | undefined,
    clock: Clock,
    { isAlone = false, given }: Alone,
    since: number | undefined,
  ): Promise<Answered | Moved | undefined> {
    const { current } = this;
    const lane = this.handles.laneOf(call, subject);
    const queue = isAlone ? `${lane} ${this.aloneCount++}` : lane;
    if (this.isOver || clock.isOver || current.isEnded || current.isStuck(queue)) return undefined;
    for (const handle of this.handles.givenTo(call, subject)) {
      if (current.pointers.has(handle)) continue;
      const status = await this.pointerOf(handle, current, clock);
      if (status === MOVED || status === undefined) return status;
      if (status !== 0) return { id: -1, status, memory: [] };
    }
    if (clock.isOver) return undefined;
    // It may have been replaced while the handles were found.
    if (current !== this.current) return MOVED;
    const asking = current.ask({ call, subject, lane, queue, given, since }, clock);
    this.watchForStall();
    const answered = await asking;
    if (answered !== undefined && answered !== MOVED) {
      if (this.init === undefined && this.options.isQuick === true) this.hasOpened(clock);
      this.taken(current, call, subject, lane, answered);
    }
    return answered;
  }

  /** Ends all processes, and waits a little for them. */
  async end(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.timer);
    clearTimeout(this.stallTimer);
    for (const child of [this.current, this.next]) this.kill(child);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_PATIENCE);
    });
    await Promise.race([Promise.all([...this.killed].map(({ ended }) => ended)), patience]);
    clearTimeout(timer);
  }

  onLate(_: NvmlProcess, { fn, lane }: Pending): void {
    this.answers(fn, lane);
  }

  onEnd(child: NvmlProcess, pending: readonly Pending[], how: string): void {
    if (child !== this.current || this.isOver) return;
    const during = pending.length === 0 ? '' : ` during ${pending.map(callOf).join(', ')}`;
    this.options.report(`the process that calls NVML ended (${how})${during}`);
    this.plan();
  }

  private late(): undefined {
    this.wasLate = true;
    return undefined;
  }

  private taken(
    child: NvmlProcess,
    call: Call,
    subject: Handle | undefined,
    lane: string,
    { status, memory }: Answered,
  ): void {
    this.answers(call.fn, lane);
    if (status !== 0) return;
    if (call.fn.startsWith('nvmlInit')) this.init = call;
    this.handles.take(call, subject, memory.map(bufferOf), child.pointers);
  }

  /** Asks a process for the pointer of a handle that another one gave out. Undefined where it does not answer. */
  private async find(handle: Handle, child: NvmlProcess, clock: Clock): Promise<Status | Moved | undefined> {
    const origin = this.handles.origin(handle);
    if (origin === undefined) return 0;
    const { call, subject, lane } = origin;
    // Another set would have none of its events.
    if (call.fn === 'nvmlEventSetCreate') return NVML_ERROR_UNINITIALIZED;
    for (const given of this.handles.givenTo(call, subject)) {
      const status = child.pointers.has(given) ? 0 : await this.pointerOf(given, child, clock);
      if (status !== 0) return status;
    }
    if (child.isStuck(lane)) return undefined;
    const answered = await child.ask({ call, subject, lane }, clock);
    if (answered === MOVED) return MOVED;
    // Another question may have found it meanwhile.
    if (answered?.status === 0 && !child.pointers.has(handle)) {
      this.handles.take(call, subject, answered.memory.map(bufferOf), child.pointers);
    }
    return answered?.status;
  }

  /** The same, once for all who need it. */
  private pointerOf(handle: Handle, child: NvmlProcess, clock: Clock): Promise<Status | Moved | undefined> {
    let finding = child.finding.get(handle);
    if (finding === undefined) {
      finding = this.find(handle, child, clock).finally(() => child.finding.delete(handle));
      child.finding.set(handle, finding);
    }
    return finding;
  }

  private start(): NvmlProcess {
    return new NvmlProcess(this.options.program, this);
  }

  private giveUp(clock: Clock): void {
    const stuck = [...this.current.giveUp(clock), ...(this.next?.giveUp(clock) ?? [])];
    const news = stuck.filter(({ lane }) => !this.silent.has(lane));
    for (const pending of news) this.silent.set(pending.lane, pending);
    if (news.length > 0) this.options.report(`no answer from ${news.map((each) => waitOf(each)).join(', ')}`);
    if (stuck.length > 0) this.plan();
  }

  /** Something was answered in a lane. It answers again where that is what did not answer. */
  private answers(fn: FunctionName, lane: string): void {
    const pending = this.silent.get(lane);
    if (pending?.fn !== fn) return;
    this.silent.delete(lane);
    if (this.silent.size === 0) this.pause = FIRST_PAUSE;
    this.options.report(`an answer again from ${waitOf(pending, 'after')}`);
  }

  private plan(): void {
    if (this.timer !== undefined || this.next !== undefined || this.isOver) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.replace();
    }, this.pause);
    this.timer.unref();
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
  }

  private async replace(): Promise<void> {
    const { current } = this;
    if (!current.isEnded && !current.hasStuckCalls) return;
    const next = await this.another();
    if (this.isOver) return;
    if (next === undefined) return this.plan();
    this.current = next;
    this.retire(current);
  }

  /** Another process, once NVML is initialised there. */
  private async another(): Promise<NvmlProcess | undefined> {
    const { current, init } = this;
    const stuck = this.killed.size + (current.isEnded ? 0 : 1);
    if (init === undefined || this.next !== undefined || stuck >= MOST_STUCK) return undefined;
    const next = this.start();
    this.next = next;
    const lane = this.handles.laneOf(init, undefined);
    const answered = await next.ask({ call: init, lane }, this.clock()).catch(() => undefined);
    this.next = undefined;
    if (this.isOver) return undefined;
    if (answered !== undefined && answered !== MOVED && answered.status === 0) return next;
    this.kill(next);
    return undefined;
  }

  /** NVML was initialised, which took about as long as it would in another process. */
  private hasOpened(clock: Clock): void {
    const opening = performance.now() - this.begun;
    if (leavesTime(clock.rest, stallOf(this.options.timeout), opening)) this.current.makeQuick();
  }

  /** Looks from time to time whether a call holds up all others. */
  private watchForStall(after = stallOf(this.options.timeout)): void {
    if (this.stallTimer !== undefined || !this.current.mayStall) return;
    // Answers that have arrived are read first.
    const look = (): unknown => setImmediate(() => this.lookForStall());
    this.stallTimer = setTimeout(look, after);
    this.stallTimer.unref();
  }

  private lookForStall(): void {
    this.stallTimer = undefined;
    const since = this.current.stalledSince ?? performance.now();
    const rest = since + stallOf(this.options.timeout) - performance.now();
    if (rest > 0) this.watchForStall(rest);
    else void this.leaveStalled();
  }

  /** A process with threads makes the calls that are held up. */
  private async leaveStalled(): Promise<void> {
    const { current } = this;
    const next = await this.another();
    if (this.isOver || next === undefined) return;
    if (current !== this.current || current.stalledSince === undefined) {
      // It was only slow.
      this.kill(next);
      return this.watchForStall();
    }
    this.current = next;
    current.handOver();
    this.kill(current);
  }

  private retire(child: NvmlProcess): void {
    this.untilEnded(child);
    child.retire();
  }

  private kill(child: NvmlProcess | undefined): void {
    if (child === undefined || child.isEnded) return;
    this.untilEnded(child);
    child.kill();
  }

  private untilEnded(child: NvmlProcess): void {
    if (child.isEnded) return;
    this.killed.add(child);
    void child.ended.then(() => this.killed.delete(child));
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const secondsSince = (time: number): string => `${((performance.now() - time) / 1000).toFixed(1)} s`;

/** nvmlDeviceGetTemperature (GPU 1) */
function callOf({ fn, lane }: Pending): string {
  const about = nameOfLane(lane);
  return about === '' ? fn : `${fn} (${about})`;
}

const waitOf = (pending: Pending, how: 'for' | 'after' = 'for'): string =>
  `${callOf(pending)} ${how} ${secondsSince(pending.since)}`;
