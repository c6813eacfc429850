/** A call that another process asks for. */
import { type Bound, type Call, type Driver, type Handle, isOut, type Out } from '../../call.js';
import { callIn } from './sent-call.js';

export class ReceivedCall {
  readonly call: Call;
  readonly outs: readonly Out[];
  /** Made ready for each handle that it is about. */
  private readonly bound = new Map<bigint, Bound>();

  constructor(
    text: string,
    private readonly driver: Driver | undefined,
  ) {
    this.call = callIn(text);
    this.outs = this.call.args.filter(isOut);
  }

  /** Finds its symbol, for when it is made. */
  prepare(): void {
    this.driver?.bind({ fn: this.call.fn, args: [] });
  }

  /** With memory of its own. Undefined where the library has no such symbol. */
  bind(subject: bigint): Bound | undefined {
    return this.driver?.bind(this.call, subject === 0n ? undefined : (subject as Handle));
  }

  /** The same, which is kept and made ready once. */
  kept(subject: bigint): Bound | undefined {
    const known = this.bound.get(subject);
    if (known !== undefined) return known;
    const bound = this.bind(subject);
    if (bound !== undefined) this.bound.set(subject, bound);
    return bound;
  }
}
