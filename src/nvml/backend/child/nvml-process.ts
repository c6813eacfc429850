/** A process that calls NVML, as the program sees it: what it was asked, and what it has not answered. */
import type { Call, Handle } from '../../call.js';
import { KoffiNotFound } from '../../failures.js';
import type { FunctionName } from '../../generated/functions.js';
import type { Status } from '../../status.js';
import { LibraryNotFound } from '../library.js';
import type { Clock } from './clock.js';
import { takeEarly } from './early.js';
import { Frames, frameOf } from './frames.js';
import { Pointers } from './handles.js';
import { SentCalls } from './known-calls.js';
import type { Answered, CallMessage, News, NotLoaded } from './messages.js';
import type { Program } from './program.js';
import { isBoundToProcess, takesLong } from './quick.js';
import { sentCall } from './sent-call.js';
import { type StartedProgram, startProgram } from './start.js';

/** In the place of an answer: another process is to be asked. */
export const MOVED: unique symbol = Symbol('moved');
export type Moved = typeof MOVED;

/** A call to be made. */
export interface Asked {
  readonly call: Call;
  readonly subject?: Handle | undefined;
  /** What it is about. */
  readonly lane: string;
  /** What it waits in, if not in its lane. */
  readonly queue?: string | undefined;
  /** What was filled for it: the memory of its outputs. */
  readonly given?: readonly Uint8Array[] | undefined;
  /** Since when it is waited for, if not from now on: another process was asked before. */
  readonly since?: number | undefined;
}

/** A call that is not answered yet. */
export interface Pending {
  readonly id: number;
  readonly fn: FunctionName;
  /** What it is about. */
  readonly lane: string;
  /** What it waits in: its lane, or a queue of its own. */
  readonly queue: string;
  readonly clock: Clock;
  /** When it became the first of its lane, in milliseconds of `performance`. */
  since: number;
  /** Another process was asked before. */
  readonly isMoved: boolean;
  /** Its promise has resolved without an answer. */
  isGivenUp: boolean;
  resolve(answered: Answered | Moved | undefined): void;
  reject(error: Error): void;
}

/** What is said of a process when something about it changes. */
export interface Listener {
  /** A call was answered that had been given up. */
  onLate(process: NvmlProcess, pending: Pending): void;
  /** It ended by itself, in the middle of these calls. */
  onEnd(process: NvmlProcess, pending: readonly Pending[], how: string): void;
}

export class NvmlProcess {
  readonly pointers = new Pointers();
  /** The handles whose pointers it is being asked for, each once. */
  readonly finding = new Map<Handle, Promise<Status | Moved | undefined>>();
  source: string | undefined;
  private readonly child: StartedProgram;
  private readonly frames = new Frames();
  private readonly queues = new Map<string, Pending[]>();
  private readonly pending = new Map<number, Pending>();
  /** With the pointers of that process, and of the layouts only what a call needs. */
  private readonly sent = new SentCalls((call) => sentCall(call, this.pointers.of));
  private orders: CallMessage[] = [];
  private dropped: number[] = [];
  private isSending = false;
  private failure: Error | undefined;
  private nextId = 0;
  private isKilled = false;
  private whenIdle: (() => void) | undefined;
  /** Ends with the process. */
  readonly ended: Promise<void>;
  isEnded = false;
  /** Whether calls are made one after another: what is bound to the process is not moved to another one. */
  private isQuick = false;
  private isBound = false;
  /** When it last answered, in milliseconds of `performance`. */
  private heard = 0;

  constructor(
    program: Program,
    private readonly listener: Listener,
  ) {
    this.child = takeEarly(program) ?? startProgram(program);
    this.ended = new Promise((resolve) => {
      this.child.hear({
        onPiece: (piece) => {
          for (const news of this.frames.with(piece)) this.read(news as News);
        },
        onEnd: (how) => {
          this.isEnded = true;
          resolve();
          if (!this.isKilled) this.endedAlone(how);
        },
      });
    });
  }

  /** Asks for a call. Undefined where it is given up, or the process ends before it. */
  ask(asked: Asked, clock: Clock): Promise<Answered | Moved | undefined> {
    const { call, subject, lane, queue = lane, given, since = performance.now() } = asked;
    if (isBoundToProcess(call.fn)) this.keepThreads();
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.isEnded) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      const before = this.queues.get(queue);
      const pending: Pending = {
        id,
        fn: call.fn,
        lane,
        queue,
        clock,
        since,
        isMoved: asked.since !== undefined,
        isGivenUp: false,
        resolve,
        reject,
      };
      this.pending.set(id, pending);
      if (before === undefined) this.queues.set(queue, [pending]);
      else before.push(pending);
      const { of } = this.pointers;
      const about = subject === undefined ? undefined : of(subject);
      this.orders.push({ id, lane: queue, ...this.sent.of(call), subject: about, given });
      clock.begin();
      this.send();
    });
  }

  /** From now on, calls are made one after another. */
  makeQuick(): void {
    this.isQuick = !this.isBound;
  }

  private keepThreads(): void {
    this.isBound = true;
    this.isQuick = false;
  }

  /** Whether a call that was given up is still being made in a queue: what follows would wait for it. */
  isStuck(queue: string): boolean {
    return this.queues.get(queue)?.[0]?.isGivenUp === true;
  }

  /** Whether a call may hold up all others. */
  get mayStall(): boolean {
    return this.isQuick && !this.isEnded && this.queues.size > 0;
  }

  /** Since when nothing came while a call is waited for that holds up all others; undefined where there is none. */
  get stalledSince(): number | undefined {
    if (!this.mayStall) return undefined;
    const firsts = [...this.queues.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
    const since = firsts.filter(({ fn }) => !takesLong(fn)).map((pending) => pending.since);
    return since.length === 0 ? undefined : Math.max(this.heard, Math.min(...since));
  }

  /** Leaves what is waited for to another process. */
  handOver(): void {
    for (const pending of [...this.pending.values()].filter(({ isGivenUp }) => !isGivenUp)) {
      pending.clock.end();
      pending.resolve(MOVED);
    }
    this.pending.clear();
    this.queues.clear();
  }

  get hasStuckCalls(): boolean {
    return [...this.queues.values()].some(([first]) => first?.isGivenUp);
  }

  /** Gives up the calls of a clock. Those that wait for others are not made any longer; the others are returned. */
  giveUp(clock: Clock): readonly Pending[] {
    const stuck: Pending[] = [];
    for (const [queue, pendings] of [...this.queues]) {
      const [first] = pendings;
      for (const pending of pendings.filter((each) => each.clock === clock && !each.isGivenUp)) {
        pending.isGivenUp = true;
        clock.end();
        pending.resolve(undefined);
        if (pending === first) stuck.push(pending);
        else {
          this.dropped.push(pending.id);
          this.pending.delete(pending.id);
        }
      }
      this.queues.set(
        queue,
        pendings.filter((each) => each === first || this.pending.has(each.id)),
      );
    }
    if (this.dropped.length > 0) this.send();
    this.idle();
    return stuck;
  }

  /** Kills the process once nothing waits for it. It may be in a call that cannot be killed: nothing waits for its end. */
  retire(): void {
    this.whenIdle = () => this.kill();
    this.idle();
  }

  kill(): void {
    this.isKilled = true;
    this.child.kill();
    for (const pending of this.pending.values()) this.abandon(pending);
    this.pending.clear();
    this.queues.clear();
  }

  private abandon(pending: Pending): void {
    if (pending.isGivenUp) return;
    pending.isGivenUp = true;
    pending.clock.end();
    pending.resolve(undefined);
  }

  private idle(): void {
    if (this.whenIdle === undefined) return;
    if ([...this.pending.values()].every(({ isGivenUp }) => isGivenUp)) this.whenIdle();
  }

  /** What is asked in one turn of the event loop goes in one message. */
  private send(): void {
    if (this.isSending) return;
    this.isSending = true;
    setImmediate(() => {
      this.isSending = false;
      const { orders: calls, dropped } = this;
      this.orders = [];
      this.dropped = [];
      this.child.write(frameOf({ calls, dropped, isQuick: this.isQuick }));
    });
  }

  private read(news: News): void {
    if ('loaded' in news) this.source = news.loaded;
    else if ('notLoaded' in news) this.fail(failureOf(news.notLoaded));
    else for (const answered of news.answers) this.answer(answered);
    this.idle();
  }

  private answer(answered: Answered): void {
    this.heard = performance.now();
    const pending = this.pending.get(answered.id);
    if (pending === undefined) return;
    this.pending.delete(answered.id);
    this.leave(pending);
    if (pending.isGivenUp) {
      this.listener.onLate(this, pending);
      return;
    }
    pending.clock.end();
    pending.resolve(answered);
  }

  private leave(pending: Pending): void {
    const rest = this.queues.get(pending.queue)?.filter((each) => each !== pending) ?? [];
    const [next] = rest;
    if (next === undefined) this.queues.delete(pending.queue);
    else {
      this.queues.set(pending.queue, rest);
      if (!next.isMoved) next.since = performance.now();
    }
  }

  private fail(error: Error): void {
    this.failure = error;
    for (const pending of this.pending.values()) {
      pending.clock.end();
      pending.reject(error);
    }
    this.pending.clear();
    this.queues.clear();
  }

  private endedAlone(how: string): void {
    const firsts = [...this.queues.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
    const asked = firsts.filter(({ isGivenUp }) => !isGivenUp);
    for (const pending of this.pending.values()) this.abandon(pending);
    this.pending.clear();
    this.queues.clear();
    this.listener.onEnd(this, asked, how);
  }
}

function failureOf({ name, message, platform, tried, wasNamed }: NotLoaded): Error {
  if (platform !== undefined) return new LibraryNotFound(platform, tried ?? [], wasNamed ?? false);
  return name === 'KoffiNotFound' ? new KoffiNotFound(message) : new Error(message);
}
