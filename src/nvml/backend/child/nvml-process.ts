/** A process that calls NVML, as the program sees it: what it is asked, and what it answers. */
import type { Call, Handle, Waiter } from '../../call.js';
import { KoffiNotFound } from '../../failures.js';
import type { Status } from '../../status.js';
import { LibraryNotFound } from '../library.js';
import { Messages, MessageWriter } from './bytes.js';
import type { Clock } from './clock.js';
import { takeEarly } from './early.js';
import { Pointers, type SubjectCall } from './handles.js';
import {
  type Answered,
  type News,
  NONE,
  type NotLoaded,
  type Order,
  readNews,
  writeOrders,
} from './messages.js';
import type { Program } from './program.js';
import { isBoundToProcess, takesLong } from './quick.js';
import { SentCalls } from './sent-calls.js';
import { type CallsProcess, startProgram } from './start.js';
import { abandon, MOVED, type Moved, type Pending, WaitingCalls } from './waiting.js';

/** How a call is asked for, if not as all others of a sample. */
export interface Alone {
  /** It waits for no other call. */
  readonly isAlone?: boolean;
  /** What was filled for it: the memory of its outputs. */
  readonly given?: readonly Uint8Array[] | undefined;
  /** The memory for its answer, that of its last one: a new Buffer costs more than what is read from it (Bun 1.4.5). */
  readonly room?: readonly Buffer[] | undefined;
  /** Since when it is waited for, if not from now on: another process was asked before. */
  readonly since?: number | undefined;
}

/** What is said of a process when something about it changes. */
export interface Listener {
  /** A call was answered that had been given up. */
  onLate(process: NvmlProcess, pending: Pending): void;
  /** It ended by itself, in the middle of these calls. */
  onEnd(process: NvmlProcess, pending: readonly Pending[], how: string): void;
}

const writer = new MessageWriter();
const NOTHING: readonly Uint8Array[] = [];

export class NvmlProcess {
  readonly pointers = new Pointers();
  /** The handles whose pointers it is being asked for, each once. */
  readonly finding = new Map<Handle, Promise<Status | Moved | undefined>>();
  source: string | undefined;
  /** Ends with the process. */
  readonly ended: Promise<void>;
  isEnded = false;
  private readonly child: CallsProcess;
  private readonly messages = new Messages();
  private readonly waiting = new WaitingCalls();
  private readonly sent = new SentCalls(this.pointers);
  private orders: Order[] = [];
  private dropped: number[] = [];
  private isSending = false;
  private failure: Error | undefined;
  private readonly roomOf = (id: number): readonly Buffer[] | undefined => this.waiting.roomOf(id);
  private nextId = 0;
  private isKilled = false;
  private whenIdle: (() => void) | undefined;
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
          for (const message of this.messages.with(piece)) this.read(readNews(message, this.roomOf));
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
  ask(asked: SubjectCall, clock: Clock, how: Alone = {}): Promise<Answered | Moved | undefined> {
    return new Promise((resolve, reject) => this.begin(asked, clock, how, { resolve, reject }));
  }

  begin(asked: SubjectCall, clock: Clock, how: Alone, waiter: Waiter<Answered | Moved | undefined>): void {
    const { lane } = asked;
    const { fn } = asked.call;
    const { isAlone = false, given = NOTHING, since, room } = how;
    if (isBoundToProcess(fn)) this.keepThreads();
    if (this.failure !== undefined) {
      waiter.reject(this.failure);
      return;
    }
    if (this.isEnded) {
      waiter.resolve(undefined);
      return;
    }
    const id = this.nextId++;
    this.waiting.add({
      id,
      fn,
      lane,
      queue: isAlone ? `${lane} ${id}` : lane,
      clock,
      since: since ?? performance.now(),
      isMoved: since !== undefined,
      isGivenUp: false,
      room,
      waiter,
    });
    const { number, text, subject } = this.sent.of(asked);
    this.orders.push({ id, lane: isAlone ? NONE : this.sent.laneOf(asked), number, text, subject, given });
    clock.begin();
    this.send();
  }

  /** A call will be asked for, once NVML is open. */
  announce(call: Call): void {
    this.sent.announce(call);
    this.send();
  }

  /** From now on, calls are made one after another. */
  makeQuick(): void {
    this.isQuick = !this.isBound;
  }

  private keepThreads(): void {
    this.isBound = true;
    this.isQuick = false;
  }

  /** Whether a call that was given up holds up a lane. */
  isStuck(lane: string): boolean {
    return this.waiting.isStuck(lane);
  }

  get hasStuckCalls(): boolean {
    return this.waiting.firsts().some(({ isGivenUp }) => isGivenUp);
  }

  /** Whether a call may hold up all others. */
  get mayStall(): boolean {
    return this.isQuick && !this.isEnded && !this.waiting.isEmpty;
  }

  /** Since when nothing came while a call is waited for that holds up all others; undefined where there is none. */
  get stalledSince(): number | undefined {
    if (!this.mayStall) return undefined;
    const since = this.waiting
      .firsts()
      .filter(({ fn }) => !takesLong(fn))
      .map((pending) => pending.since);
    return since.length === 0 ? undefined : Math.max(this.heard, Math.min(...since));
  }

  /** Leaves what is waited for to another process. */
  handOver(): void {
    for (const pending of this.waiting.clear()) {
      if (pending.isGivenUp) continue;
      pending.clock.end();
      pending.waiter.resolve(MOVED);
    }
  }

  /** Gives up the calls of a clock, and returns those that are being made. */
  giveUp(clock: Clock): readonly Pending[] {
    const { stuck, dropped } = this.waiting.giveUp(clock);
    this.dropped.push(...dropped.map(({ id }) => id));
    if (dropped.length > 0) this.send();
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
    this.waiting.clear().forEach(abandon);
  }

  private idle(): void {
    if (this.whenIdle !== undefined && this.waiting.isIdle) this.whenIdle();
  }

  /** What is asked at a time goes in one message: before the program does anything else, which may take as long as NVML does. */
  private send(): void {
    if (this.isSending) return;
    this.isSending = true;
    queueMicrotask(() => {
      this.isSending = false;
      const { isQuick, orders: calls, dropped } = this;
      const known = this.sent.takeKnown();
      this.orders = [];
      this.dropped = [];
      this.child.write(writeOrders({ isQuick, known, dropped, calls }, writer));
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
    const pending = this.waiting.take(answered.id);
    if (pending === undefined) return;
    if (pending.isGivenUp) {
      this.listener.onLate(this, pending);
      return;
    }
    pending.clock.end();
    pending.waiter.resolve(answered);
  }

  private fail(error: Error): void {
    this.failure = error;
    for (const pending of this.waiting.clear()) {
      pending.clock.end();
      pending.waiter.reject(error);
    }
  }

  private endedAlone(how: string): void {
    const asked = this.waiting.firsts().filter(({ isGivenUp }) => !isGivenUp);
    this.waiting.clear().forEach(abandon);
    this.listener.onEnd(this, asked, how);
  }
}

function failureOf({ name, message, platform, tried, wasNamed }: NotLoaded): Error {
  if (platform !== undefined) return new LibraryNotFound(platform, tried ?? [], wasNamed ?? false);
  return name === 'KoffiNotFound' ? new KoffiNotFound(message) : new Error(message);
}
