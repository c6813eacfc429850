/**
 * The process that calls NVML for another one, and may be lost for good inside a call. It reads orders
 * from a pipe, and writes what came of them to it. It ends when the pipe does.
 */
import { writeSync } from 'node:fs';
import type { Bound, Call, Driver, Handle } from '../../call.js';
import type { Status } from '../../status.js';
import { LibraryNotFound, loadLibrary } from '../library.js';
import { Frames, frameOf } from './frames.js';
import { ANSWERS, hearOrders } from './inherited.js';
import { ReceivedCalls } from './known-calls.js';
import type { Answered, CallMessage, News, Orders } from './messages.js';
import { SLICE, takesLong } from './quick.js';

export function makeCalls(library: string | undefined, initialisesFirst: boolean): void {
  const driver = load(library);
  const lanes = new Lanes(driver, initialisesFirst ? driver?.bind(INIT) : undefined);
  const frames = new Frames();
  hearOrders((piece) => {
    for (const orders of frames.with(piece)) lanes.take(orders as Orders);
  }, end);
}

/** At once, whatever the calls do: libuv would wait for their threads. */
const end = (): never => process.exit(0);

/** Sleeps where the pipe is full for the moment. */
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function say(news: News): void {
  const frame = frameOf(news);
  for (let written = 0; written < frame.length; ) {
    try {
      written += writeSync(ANSWERS, frame, written);
    } catch (error) {
      // There is no reader: the program that gave the orders has ended.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') end();
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

function load(path: string | undefined): Driver | undefined {
  try {
    const driver = loadLibrary({ path, env: process.env });
    say({ loaded: driver.source });
    return driver;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { name, message } = error;
    const { platform, tried, wasNamed } = error instanceof LibraryNotFound ? error : {};
    say({ notLoaded: { name, message, platform, tried, wasNamed } });
    return undefined;
  }
}

/** What everything begins with, where the library has it. */
const INIT: Call = { fn: 'nvmlInit_v2', args: [] };

/** Milliseconds that answers are kept while others are waited for. */
const MOMENT = 2;

interface WholeMessage extends CallMessage {
  readonly call: Call;
}

/** Calls in their lanes, each on a worker thread. */
class Lanes {
  private readonly lanes = new Map<string, WholeMessage[]>();
  private readonly calls = new ReceivedCalls();
  private answers: Answered[] = [];
  private timer: NodeJS.Timeout | undefined;
  private isQuick = false;
  /** When the event loop had its last turn. */
  private turned = 0;

  private initialising: Promise<Status> | undefined;

  constructor(
    private readonly driver: Driver | undefined,
    private readonly init: Bound | undefined,
  ) {
    this.initialising = init?.start();
  }

  take({ calls, dropped, isQuick }: Orders): void {
    this.isQuick = isQuick;
    this.turned = performance.now();
    const unwanted = new Set(dropped);
    for (const lane of unwanted.size === 0 ? [] : this.lanes.values()) {
      // The first is being made.
      lane.splice(0, lane.length, ...lane.filter(({ id }, i) => i === 0 || !unwanted.has(id)));
    }
    const begun: WholeMessage[][] = [];
    for (const sent of calls) {
      // On arrival: an order may be dropped before it is made, and its call asked for by number later.
      const order = { ...sent, call: this.calls.of(sent) };
      const lane = this.lanes.get(order.lane);
      if (lane !== undefined) lane.push(order);
      else {
        const first = [order];
        this.lanes.set(order.lane, first);
        begun.push(first);
      }
    }
    // What has a thread of its own is begun before this one has work.
    const begins = (isLong: boolean): void => {
      for (const lane of begun)
        if (isLong === takesLong((lane[0] as WholeMessage).call.fn)) void this.work(lane);
    };
    begins(true);
    begins(false);
  }

  private async work(lane: WholeMessage[]): Promise<void> {
    const name = lane[0]?.lane ?? '';
    for (let order = lane[0]; order !== undefined; order = lane[0]) {
      this.answer(this.atOnce(order) ?? (await this.made(order)));
      lane.shift();
      if (this.isQuick && performance.now() - this.turned >= SLICE) await this.turn();
    }
    this.lanes.delete(name);
    if (this.lanes.size === 0 && this.answers.length > 0) this.say();
  }

  /** Says what has been answered, and lets orders be read. */
  private async turn(): Promise<void> {
    if (this.answers.length > 0) this.say();
    await new Promise(setImmediate);
    this.turned = performance.now();
  }

  /** The answer of a call on this thread; undefined where it has one of its own. */
  private atOnce(order: WholeMessage): Answered | undefined {
    if (!this.isQuick || takesLong(order.call.fn)) return undefined;
    const bound = this.bound(order);
    if (bound === undefined) return { id: order.id, status: undefined, memory: [] };
    return { id: order.id, status: bound.run(), memory: bound.memory };
  }

  private bound({ call, subject, given }: WholeMessage): Bound | undefined {
    const bound = this.driver?.bind(call, subject as Handle | undefined);
    for (const [i, bytes] of given?.entries() ?? []) bound?.memory[i]?.set(bytes);
    return bound;
  }

  private async made(order: WholeMessage): Promise<Answered> {
    const { id, call } = order;
    if (this.initialising !== undefined && call.fn === INIT.fn) {
      const status = await this.initialising;
      this.initialising = undefined;
      return { id, status, memory: [], reason: this.init?.reason };
    }
    const bound = this.bound(order);
    if (bound === undefined) return { id, status: undefined, memory: [] };
    const status = await bound.start();
    this.turned = performance.now();
    return { id, status, memory: bound.memory, reason: bound.reason };
  }

  /** Answers are kept until all are there, or for a moment: a message takes longer than most calls. */
  private answer(answered: Answered): void {
    this.answers.push(answered);
    this.timer ??= setTimeout(() => this.say(), MOMENT);
  }

  private say(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { answers } = this;
    this.answers = [];
    say({ answers });
  }
}
