/**
 * How calls are sent to one process: their texts once, where they are made again and again as in a loop, and their numbers from then
 * on. A call with the layouts of its structs takes a hundred times more bytes, and as long to read as to make.
 */
import type { Call } from '../../call.js';
import { shapeOf } from './call-shape.js';
import type { Pointers, SubjectCall } from './handles.js';
import { type KnownCall, NONE, type Order } from './messages.js';
import { textOf } from './sent-call.js';

export class SentCalls {
  private readonly numbers = new WeakMap<Call, number>();
  private readonly lanes = new Map<string, number>();
  private known: KnownCall[] = [];
  private last = NONE;
  /** Numbers of calls that nothing in the program holds any longer, such as those with the id of a process that ended. */
  private readonly free: number[] = [];
  private readonly unheld = new FinalizationRegistry<number>((number) => this.free.push(number));

  constructor(private readonly pointers: Pick<Pointers, 'of'>) {}

  /** Sends a call that is made later. One with handles has no pointers yet. */
  announce(call: Call): void {
    if (this.numbers.get(call) === undefined && shapeOf(call).given.length === 0) this.number(call);
  }

  /** A call that is asked for once is not kept; the second time it gets a number. */
  of({ call, subject }: SubjectCall): Pick<Order, 'number' | 'text' | 'subject'> {
    const about = subject === undefined ? 0n : this.pointers.of(subject);
    const known = this.numbers.get(call);
    if (known === undefined) {
      this.numbers.set(call, NONE);
      return { number: NONE, text: textOf(call, this.pointers.of), subject: about };
    }
    return { number: known === NONE ? this.number(call) : known, text: '', subject: about };
  }

  laneOf({ lane }: SubjectCall): number {
    const known = this.lanes.get(lane);
    if (known !== undefined) return known;
    const number = this.lanes.size + 1;
    this.lanes.set(lane, number);
    return number;
  }

  /** What is sent before the next calls: once. */
  takeKnown(): readonly KnownCall[] {
    const { known } = this;
    this.known = [];
    return known;
  }

  private number(call: Call): number {
    const number = this.free.pop() ?? ++this.last;
    this.numbers.set(call, number);
    this.unheld.register(call, number);
    this.known.push({ number, text: textOf(call, this.pointers.of) });
    return number;
  }
}
