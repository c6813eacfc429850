/** The calls that the process was ordered to make, in their lanes. */
import type { Bound, Driver, Out } from '../../call.js';
import { callOf } from '../../call-of.js';
import { nvmlInit_v2 } from '../../generated/entries.js';
import { answerIn } from '../../memory.js';
import type { Status } from '../../status.js';
import { type Answered, NONE, type Order, type Orders } from './messages.js';
import { SLICE, takesLong } from './quick.js';
import { ReceivedCall } from './received-call.js';

/** What everything begins with, where the library has it. */
const INIT = callOf(nvmlInit_v2);

/** Milliseconds that answers are kept while others are waited for. */
const MOMENT = 2;

interface Ordered {
  readonly order: Order;
  readonly received: ReceivedCall;
}

/** Calls of one lane are made one after another, each on a worker thread or, if they are quick, on this one. */
export class Lanes {
  private readonly lanes = new Map<number, Ordered[]>();
  private readonly known: ReceivedCall[] = [];
  private aloneCount = 0;
  private answers: Answered[] = [];
  private timer: NodeJS.Timeout | undefined;
  private isQuick = false;
  /** When the event loop had its last turn. */
  private turned = 0;
  private readonly init: Bound | undefined;
  private initialising: Promise<Status> | undefined;

  constructor(
    private readonly driver: Driver | undefined,
    initialisesFirst: boolean,
    private readonly onAnswers: (answers: readonly Answered[]) => void,
  ) {
    this.init = initialisesFirst ? driver?.bind(INIT) : undefined;
    this.initialising = this.init?.start();
  }

  take({ calls, dropped, known, isQuick }: Orders): void {
    this.isQuick = isQuick;
    this.turned = performance.now();
    for (const { number, text } of known) {
      const received = new ReceivedCall(text, this.driver);
      received.prepare();
      this.known[number] = received;
    }
    if (dropped.length > 0) this.drop(new Set(dropped));
    const begun = calls.flatMap((order) => this.queued(order) ?? []);
    // What has a thread of its own is begun before this one has work.
    const begins = (isLong: boolean): void => {
      for (const [number, lane] of begun)
        if (isLong === takesLong((lane[0] as Ordered).received.call.fn)) void this.work(number, lane);
    };
    begins(true);
    begins(false);
  }

  private drop(unwanted: ReadonlySet<number>): void {
    for (const lane of this.lanes.values()) {
      // The first is being made.
      lane.splice(0, lane.length, ...lane.filter(({ order }, i) => i === 0 || !unwanted.has(order.id)));
    }
  }

  /** Puts a call into its lane. That is returned where it begins with this call. */
  private queued(order: Order): [number, Ordered[]][] | undefined {
    const ordered = { order, received: this.received(order) };
    const number = order.lane === NONE ? this.aloneLane() : order.lane;
    const before = this.lanes.get(number);
    before?.push(ordered);
    if (before !== undefined) return undefined;
    const begun = [ordered];
    this.lanes.set(number, begun);
    return [[number, begun]];
  }

  private aloneLane(): number {
    this.aloneCount += 1;
    return -this.aloneCount;
  }

  /** On arrival: a number may be that of another call when this one is made. */
  private received({ number, text }: Order): ReceivedCall {
    if (number === NONE) return new ReceivedCall(text, this.driver);
    const known = this.known[number];
    if (known === undefined) throw new Error(`no call has the number ${number}`);
    return known;
  }

  private async work(number: number, lane: Ordered[]): Promise<void> {
    for (let next = lane[0]; next !== undefined; next = lane[0]) {
      this.answer(this.atOnce(next) ?? (await this.made(next)));
      lane.shift();
      if (this.isQuick && performance.now() - this.turned >= SLICE) await this.turn();
    }
    this.lanes.delete(number);
    if (this.lanes.size === 0 && this.answers.length > 0) this.say();
  }

  /** Says what has been answered, and lets orders be read. */
  private async turn(): Promise<void> {
    if (this.answers.length > 0) this.say();
    await new Promise(setImmediate);
    this.turned = performance.now();
  }

  /** The answer of a call on this thread; undefined where it has one of its own. */
  private atOnce(ordered: Ordered): Answered | undefined {
    if (!this.isQuick || takesLong(ordered.received.call.fn)) return undefined;
    const { id } = ordered.order;
    const bound = boundFor(ordered);
    if (bound === undefined) return { id, status: undefined, memory: [] };
    const status = bound.run();
    return { id, status, memory: answerOf(ordered, bound) };
  }

  private async made(ordered: Ordered): Promise<Answered> {
    const { id } = ordered.order;
    if (this.initialising !== undefined && ordered.received.call.fn === INIT.fn) {
      const status = await this.initialising;
      this.initialising = undefined;
      return { id, status, memory: [], reason: this.init?.reason };
    }
    const bound = boundFor(ordered);
    if (bound === undefined) return { id, status: undefined, memory: [] };
    const status = await bound.start();
    this.turned = performance.now();
    return { id, status, memory: answerOf(ordered, bound), reason: bound.reason };
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
    this.onAnswers(answers);
  }
}

/** No more than is read. What was filled for a call goes back whole: it may be filled again. */
function answerOf({ received, order }: Ordered, { memory }: Bound): readonly Buffer[] {
  const { outs } = received;
  return order.given.length > 0 ? memory : memory.map((each, i) => answerIn(outs[i] as Out, each));
}

/** What waits for no other may be made twice at a time, and what is filled for a call is for that one: such calls are not kept. */
function boundFor({ received, order: { lane, subject, given } }: Ordered): Bound | undefined {
  if (lane !== NONE && given.length === 0) return received.kept(subject);
  const bound = received.bind(subject);
  for (const [i, bytes] of given.entries()) bound?.memory[i]?.set(bytes);
  return bound;
}
