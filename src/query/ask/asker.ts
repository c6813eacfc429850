/**
 * Asks NVML: nothing else does. A question is asked once a tick, however many need its answer; one that was asked at the last
 * tick is bound already, and one whose answer never changes is not asked again.
 */

import { SynchronousCall } from '../../nvml/backend/synchronous-call.js';
import type { Driver, FieldId } from '../../nvml/call.js';
import type { Session } from '../../nvml/session.js';
import { NO_ANSWER } from '../../nvml/status.js';
import type { Lifetime } from '../probe.js';
import type { Answer } from '../reading.js';
import type { Asking, Question } from './asking.js';
import { BoundFields } from './bound-fields.js';
import { BoundProbe } from './bound-probe.js';
import { fieldFamily } from './field-families.js';
import { Outcome } from './outcome.js';
import { askInOrder, askInTurn, type Schedule, scheduleOf, type Task } from './schedule.js';
import { type Subject, subjectKey } from './subject.js';

/** A call, or the field ids that one call asks for. */
type BoundCall = BoundProbe | BoundFields;

/** Questions made ready, to be asked at every tick. Those whose answer never changes are asked at the first. */
export interface Prepared {
  /** In the order of the questions. They follow from tick to tick. */
  readonly answers: readonly Answer[];
  /** Asks what is due, on this thread. */
  run(): void;
  /** The same; what waits in the driver does so at the same time. A promise only where something waits. */
  start(): void | Promise<void>;
}

export interface AskerOptions {
  /** Every question is asked on a worker thread, not only those that wait in the driver: for programs that may not block. */
  readonly onWorkers?: boolean | undefined;
  readonly outcome?: Outcome | undefined;
  /** Questions that are asked again after a while only, and what they answered counts meanwhile: for a loop that is fast. */
  readonly seldom?: Seldom | undefined;
}

export interface Seldom {
  readonly probes: ReadonlySet<string>;
  /** Milliseconds. */
  readonly period: number;
  now(): number;
}

export class Asker {
  /** What the answers so far mean for the exit status. */
  readonly outcome: Outcome;
  private readonly driver: Driver;
  private last = new Map<string, BoundCall>();
  private now = new Map<string, BoundCall>();
  private readonly tasks = new WeakMap<BoundCall, Task>();
  /** When a question was asked that is asked seldom. */
  private readonly askedAt = new WeakMap<BoundCall, number>();

  constructor(
    readonly session: Session,
    private readonly options: AskerOptions = {},
  ) {
    this.outcome = options.outcome ?? new Outcome();
    this.driver = session.driver.forAsker?.() ?? session.driver;
  }

  /** Begins a tick. What the last tick did not ask is forgotten, such as the names of processes that ended. */
  tick(): void {
    [this.last, this.now] = [this.now, new Map()];
    this.driver.beginSample?.(this);
  }

  /** Runs code that asks, and blocks until all is answered. Throws TypeError where NVML is in another process. */
  run<T>(asking: Asking<T>): T {
    this.refuseToBlock();
    let step = asking.next();
    while (step.done !== true) {
      const { answers, due } = this.bind(step.value);
      askInTurn(due);
      step = asking.next(answers);
    }
    return step.value;
  }

  /** Runs code that asks; what waits in the driver does so at the same time. */
  async start<T>(asking: Asking<T>): Promise<T> {
    let step = asking.next();
    while (step.done !== true) {
      const { answers, due } = this.bind(step.value);
      await askInOrder(scheduleOf(due));
      step = asking.next(answers);
    }
    return step.value;
  }

  prepare(questions: readonly Question[]): Prepared {
    const bound = new Map<string, BoundCall>();
    const { answers, due } = this.bind(questions, bound);
    const steady = due.filter(({ lifetime }) => lifetime === 'sample');
    let isFirst = true;
    let schedule: Schedule | undefined;
    let filled: ReadonlyMap<string, BoundCall> | undefined;
    // What else asks the same at this tick has the answer already.
    const asked = (): void => {
      if (filled === this.now) return;
      for (const [key, one] of bound) this.now.set(key, one);
      filled = this.now;
    };
    return {
      answers,
      run: () => {
        this.refuseToBlock();
        askInTurn(isFirst ? due : steady);
        isFirst = false;
        asked();
      },
      start: () => {
        if (!isFirst) schedule ??= scheduleOf(steady);
        const again = isFirst || !this.driver.isElsewhere ? [] : due.filter(isOpen);
        const pending = askInOrder(
          again.length > 0 ? scheduleOf([...again, ...steady]) : (schedule ?? scheduleOf(due)),
        );
        isFirst = false;
        return pending === undefined ? asked() : pending.then(asked);
      },
    };
  }

  private refuseToBlock(): void {
    if (!this.driver.isElsewhere) return;
    throw new SynchronousCall(
      'with a timeout NVML is called in another process, and nothing can be asked synchronously: ask for a promise',
    );
  }

  /** The answers to be, and what has to be done for them. */
  private bind(
    questions: readonly Question[],
    into = this.now,
  ): {
    readonly answers: readonly Answer[];
    readonly due: readonly Task[];
  } {
    const due: Task[] = [];
    const batches = new Map<string, FieldBatch>();
    const answers = questions.map(({ probe, subject }): Answer | { batch: FieldBatch; index: number } => {
      if (probe.field === undefined) {
        const key = `${subjectKey(subject)}/${probe.lifetime}/${probe.name}`;
        const make = (): BoundProbe => new BoundProbe(probe, this.driver, subject, this.outcome);
        return this.boundFor(key, make, { ...probe, subject }, into, due);
      }
      const key = `${subjectKey(subject)}/${probe.lifetime}/${fieldFamily(...probe.field)}`;
      const batch = batches.get(key) ?? { subject, lifetime: probe.lifetime, ids: [] };
      batches.set(key, batch);
      return { batch, index: placeOf(probe.field, batch.ids) };
    });
    const fields = new Map(
      [...batches.values()].map((batch) => {
        const { subject, lifetime, ids } = batch;
        const key = `${subjectKey(subject)}/${lifetime}/fields ${ids.join(' ')}`;
        const make = (): BoundFields => new BoundFields(ids, this.driver, subject, this.outcome);
        return [batch, this.boundFor(key, make, { subject, lifetime, waits: false }, into, due)] as const;
      }),
    );
    return {
      answers: answers.map((answer) =>
        'batch' in answer ? (fields.get(answer.batch) as BoundFields).answer(answer.index) : answer,
      ),
      due,
    };
  }

  /** What is bound for a key; it is due where this tick has not asked it, unless its answer never changes. */
  private boundFor<B extends BoundCall>(
    key: string,
    make: () => B,
    how: How,
    into: Map<string, BoundCall>,
    due: Task[],
  ): B {
    const asked = into.get(key);
    // A key has one kind of question.
    if (asked !== undefined) return asked as B;
    const known = into === this.now ? (this.last.get(key) as B | undefined) : undefined;
    const bound = known ?? make();
    into.set(key, bound);
    if (known === undefined || known.status === NO_ANSWER || this.isDue(bound, how)) {
      due.push(this.taskOf(bound, how));
    }
    return bound;
  }

  /** Whether a question that was asked before is to be asked again. */
  private isDue(bound: BoundCall, { lifetime, name }: How): boolean {
    if (lifetime !== 'sample') return false;
    const { seldom } = this.options;
    if (name === undefined || seldom?.probes.has(name) !== true) return true;
    return seldom.now() - (this.askedAt.get(bound) ?? Number.NEGATIVE_INFINITY) >= seldom.period;
  }

  /** Made once for what is asked at every tick. */
  private taskOf(bound: BoundCall, { subject, lifetime, waits, undisturbed, name }: How): Task {
    let task = this.tasks.get(bound);
    if (task === undefined) {
      task = {
        subject: subjectKey(subject),
        lifetime,
        waits: waits || (this.options.onWorkers ?? false) || this.driver.isElsewhere === true,
        undisturbed: undisturbed ?? false,
        isAnswered: () => bound.status !== NO_ANSWER,
        run: () => bound.run(),
        start: () => bound.start(),
        begin: (waiter) => bound.begin(waiter),
      };
      this.tasks.set(bound, task);
    }
    if (name !== undefined && this.options.seldom?.probes.has(name) === true) {
      this.askedAt.set(bound, this.options.seldom.now());
    }
    return task;
  }
}

/** Whether a question whose answer never changes has none yet. */
const isOpen = ({ lifetime, isAnswered }: Task): boolean => lifetime === 'static' && !isAnswered();

/** Field ids of one family about one subject. */
interface FieldBatch {
  readonly subject: Subject;
  readonly lifetime: Lifetime;
  readonly ids: FieldId[];
}

/** How a question is asked. */
interface How {
  readonly subject: Subject;
  readonly lifetime: Lifetime;
  readonly waits: boolean;
  readonly undisturbed?: true;
  /** Of a probe. */
  readonly name?: string;
}

/** The place of an id in a batch; it is appended where it is not in it. */
function placeOf([id, scope]: FieldId, ids: FieldId[]): number {
  const place = ids.findIndex((each) => each[0] === id && each[1] === scope);
  return place === -1 ? ids.push([id, scope]) - 1 : place;
}
