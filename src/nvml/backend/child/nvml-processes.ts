/**
 * Which process calls NVML. One that does not answer is replaced by another once that one has initialised NVML: until then it
 * continues to answer for the GPUs that do. A process may be in a call that cannot be killed, so there are few of them.
 */
import type { Call, Handle, Waiter } from '../../call.js';
import { NVML_ERROR_UNINITIALIZED } from '../../generated/constants.js';
import type { FunctionName } from '../../generated/functions.js';
import { writes } from '../../generated/writes.js';
import { Clock } from './clock.js';
import { HandleFinder } from './handle-finder.js';
import { Handles, type SubjectCall } from './handles.js';
import { KilledProcesses } from './killed.js';
import type { Answered } from './messages.js';
import { type Alone, type Listener, NvmlProcess } from './nvml-process.js';
import type { Program } from './program.js';
import { leavesTime, stallOf } from './quick.js';
import { callOf, Silence } from './silence.js';
import { MOVED, type Moved, type Pending } from './waiting.js';

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

/** Processes at a time that do not answer, those that were killed and have not ended included. */
const MOST_STUCK = 3;

/** Milliseconds until a process is replaced; twice as many each time, up to a minute. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** The id of an answer that says why there was no call. */
const NOT_ASKED = -1;

/** Milliseconds that the program waits for the end of killed processes when it ends itself. */
const END_PATIENCE = 200;

export class NvmlProcesses implements Listener {
  /** Whether a call was not answered in time. */
  wasLate = false;
  private current: NvmlProcess;
  private next: NvmlProcess | undefined;
  private readonly killed = new KilledProcesses();
  private readonly handles: Handles;
  private readonly finder: HandleFinder;
  private readonly silence: Silence;
  /** How NVML was initialised. */
  private init: SubjectCall | undefined;
  private readonly begun = performance.now();
  private pause = FIRST_PAUSE;
  private timer: NodeJS.Timeout | undefined;
  private stallTimer: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(private readonly options: ProcessesOptions) {
    this.handles = options.handles ?? new Handles();
    this.finder = new HandleFinder(this.handles);
    this.silence = new Silence(options.report);
    this.current = this.start();
  }

  get source(): string {
    return this.current.source ?? 'NVML';
  }

  clock(timeout = this.options.timeout): Clock {
    return new Clock(timeout, (clock) => this.giveUp(clock));
  }

  /** A call, as these processes are asked for it. */
  about(call: Call, subject: Handle | undefined): SubjectCall {
    return this.handles.about(call, subject);
  }

  /** A call that will be asked for: where calls are made one after another, it is made ready before, while NVML is opened. */
  announce(call: Call): void {
    if (this.options.isQuick === true && !writes.has(call.fn)) this.current.announce(call);
  }

  /** Asks for a call. Undefined where there is no answer in time. */
  ask(asked: SubjectCall, clock: Clock, how: Alone = {}): Promise<Answered | undefined> {
    return new Promise((resolve, reject) => this.begin(asked, clock, how, { resolve, reject }));
  }

  /** The same without a promise for each call, but for the first about a handle. */
  begin(asked: SubjectCall, clock: Clock, how: Alone, waiter: Waiter<Answered | undefined>): void {
    const since = how.since ?? performance.now();
    const { current } = this;
    const end = (answered: Answered | Moved | undefined): void => {
      if (answered === MOVED) {
        this.begin(asked, clock, { ...how, since }, waiter);
        return;
      }
      if (answered !== undefined && answered.id !== NOT_ASKED) this.taken(current, asked, answered, clock);
      waiter.resolve(answered ?? this.late());
    };
    const ask = (): void => {
      current.begin(asked, clock, how, { resolve: end, reject: waiter.reject });
      this.watchForStall();
    };
    const isHeldUp = how.isAlone !== true && current.isStuck(asked.lane);
    if (this.isOver || clock.isOver || current.isEnded || isHeldUp) end(undefined);
    else if (asked.handles.every(current.pointers.has)) ask();
    else {
      this.finder
        .all(asked.handles, current, clock)
        .then((status) => {
          if (status === MOVED || status === undefined) end(status);
          else if (status !== 0) end({ id: NOT_ASKED, status, memory: [] });
          else if (clock.isOver) end(undefined);
          // It may have been replaced while the handles were found.
          else if (current !== this.current) end(MOVED);
          // NVML would take the name of a handle for a pointer.
          else if (!asked.handles.every(current.pointers.has))
            end({ id: NOT_ASKED, status: NVML_ERROR_UNINITIALIZED, memory: [] });
          else ask();
        })
        .catch(waiter.reject);
    }
  }

  /** Ends all processes, and waits a little for them. */
  async end(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.timer);
    clearTimeout(this.stallTimer);
    for (const child of [this.current, this.next]) this.killed.kill(child);
    await this.killed.ended(END_PATIENCE);
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

  private taken(child: NvmlProcess, asked: SubjectCall, { status, memory }: Answered, clock: Clock): void {
    if (this.init === undefined && this.options.isQuick === true) this.hasOpened(clock);
    this.answers(asked.call.fn, asked.lane);
    if (status !== 0) return;
    if (asked.call.fn.startsWith('nvmlInit')) this.init = asked;
    this.handles.take(asked, memory, child.pointers);
  }

  private start(): NvmlProcess {
    return new NvmlProcess(this.options.program, this);
  }

  private giveUp(clock: Clock): void {
    const stuck = [...this.current.giveUp(clock), ...(this.next?.giveUp(clock) ?? [])];
    this.silence.begin(stuck);
    if (stuck.length > 0) this.plan();
  }

  private answers(fn: FunctionName, lane: string): void {
    if (this.silence.end(fn, lane)) this.pause = FIRST_PAUSE;
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
    this.killed.expect(current);
    current.retire();
  }

  /** Another process, once NVML is initialised there. */
  private async another(): Promise<NvmlProcess | undefined> {
    const { current, init } = this;
    const stuck = this.killed.count + (current.isEnded ? 0 : 1);
    if (init === undefined || this.next !== undefined || stuck >= MOST_STUCK) return undefined;
    const next = this.start();
    this.next = next;
    const answered = await next.ask(init, this.clock()).catch(() => undefined);
    this.next = undefined;
    if (this.isOver) return undefined;
    if (answered !== undefined && answered !== MOVED && answered.status === 0) return next;
    this.killed.kill(next);
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
      this.killed.kill(next);
      return this.watchForStall();
    }
    this.current = next;
    current.handOver();
    this.killed.kill(current);
  }
}
