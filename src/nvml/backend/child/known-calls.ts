/**
 * Calls that are made again and again, as a sample of a loop does, are sent whole once and by their number from then on: a call with
 * the layouts of its structs takes a hundred times more bytes than its number.
 */
import type { Call } from '../../call.js';

/** How a call is sent: whole, with the number that it gets where it is kept, or only by its number. */
export interface SentCall {
  readonly call?: Call | undefined;
  readonly number?: number | undefined;
}

/** For the program that asks: of one process that calls NVML. */
export class SentCalls {
  private readonly sent = new WeakMap<Call, number | undefined>();
  private next = 0;

  constructor(private readonly translated: (call: Call) => Call) {}

  /** A call that is asked for once is not kept; the second time it gets a number. */
  of(call: Call): SentCall {
    const number = this.sent.get(call);
    if (number !== undefined) return { number };
    if (!this.sent.has(call)) {
      this.sent.set(call, undefined);
      return { call: this.translated(call) };
    }
    const given = this.next++;
    this.sent.set(call, given);
    return { call: this.translated(call), number: given };
  }
}

/** For the process that calls NVML. */
export class ReceivedCalls {
  private readonly kept: Call[] = [];

  of({ call, number }: SentCall): Call {
    if (call !== undefined && number !== undefined) this.kept[number] = call;
    const known = call ?? (number === undefined ? undefined : this.kept[number]);
    if (known === undefined) throw new Error(`no call has the number ${number}`);
    return known;
  }
}
