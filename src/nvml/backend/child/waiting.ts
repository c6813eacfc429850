/** Calls that a process has not answered: in a queue they wait for one another. */
import type { Waiter } from '../../call.js';
import type { FunctionName } from '../../generated/functions.js';
import type { Clock } from './clock.js';
import type { Answered } from './messages.js';

/** In place of an answer: another process is to be asked. */
export const MOVED: unique symbol = Symbol('moved');
export type Moved = typeof MOVED;

/** A call that is not answered yet. */
export interface Pending {
  readonly id: number;
  readonly fn: FunctionName;
  /** What it is about. */
  readonly lane: string;
  /** What it waits in: its lane, or a queue of its own. */
  readonly queue: string;
  readonly clock: Clock;
  /** When it became the first of its queue, in milliseconds of `performance`. */
  since: number;
  /** Another process was asked before. */
  readonly isMoved: boolean;
  /** Its wait has ended without an answer. */
  isGivenUp: boolean;
  readonly room?: readonly Buffer[] | undefined;
  readonly waiter: Waiter<Answered | Moved | undefined>;
}

export class WaitingCalls {
  private readonly queues = new Map<string, Pending[]>();
  private readonly byId = new Map<number, Pending>();

  add(pending: Pending): void {
    this.byId.set(pending.id, pending);
    const queue = this.queues.get(pending.queue);
    if (queue === undefined) this.queues.set(pending.queue, [pending]);
    else queue.push(pending);
  }

  /** A call was answered: the next of its queue is being made. */
  take(id: number): Pending | undefined {
    const pending = this.byId.get(id);
    const queue = pending && this.queues.get(pending.queue);
    if (pending === undefined || queue === undefined) return undefined;
    this.byId.delete(id);
    queue.splice(queue.indexOf(pending), 1);
    const [next] = queue;
    if (next === undefined) this.queues.delete(pending.queue);
    else if (!next.isMoved) next.since = performance.now();
    return pending;
  }

  /** The memory for the answer of a call; of one that was given up nothing is written any longer. */
  roomOf(id: number): readonly Buffer[] | undefined {
    const pending = this.byId.get(id);
    return pending?.isGivenUp === false ? pending.room : undefined;
  }

  /** Forgets them all. */
  clear(): readonly Pending[] {
    const all = [...this.byId.values()];
    this.byId.clear();
    this.queues.clear();
    return all;
  }

  get isEmpty(): boolean {
    return this.queues.size === 0;
  }

  /** Whether nothing waits for an answer any longer. */
  get isIdle(): boolean {
    for (const { isGivenUp } of this.byId.values()) if (!isGivenUp) return false;
    return true;
  }

  /** The calls that are being made. */
  firsts(): readonly Pending[] {
    return [...this.queues.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  }

  /** Whether a call that was given up is still being made in a queue: what follows would wait for it. */
  isStuck(queue: string): boolean {
    return this.queues.get(queue)?.[0]?.isGivenUp === true;
  }

  /** Gives up the calls of a clock: those that are being made, and those that wait for others and need not be made. */
  giveUp(clock: Clock): { readonly stuck: readonly Pending[]; readonly dropped: readonly Pending[] } {
    const stuck: Pending[] = [];
    const dropped: Pending[] = [];
    for (const [queue, pendings] of this.queues) {
      const [first] = pendings;
      for (const pending of pendings) {
        if (pending.clock !== clock || pending.isGivenUp) continue;
        abandon(pending);
        (pending === first ? stuck : dropped).push(pending);
      }
      this.queues.set(
        queue,
        pendings.filter((each) => each === first || !dropped.includes(each)),
      );
    }
    for (const { id } of dropped) this.byId.delete(id);
    return { stuck, dropped };
  }
}

/** Ends a wait without an answer. */
export function abandon(pending: Pending): void {
  if (pending.isGivenUp) return;
  pending.isGivenUp = true;
  pending.clock.end();
  pending.waiter.resolve(undefined);
}
