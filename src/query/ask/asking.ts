/**
 * How code asks whose next question depends on the last answer: a generator that yields questions and is given their answers.
 * The asker runs it on this thread, or waits for a driver that answers elsewhere; the code is the same.
 */
import type { Probe } from '../probe.js';
import type { Answer, Pick, Reading } from '../reading.js';
import { type Subject, SYSTEM } from './subject.js';

/** A probe, and what it is asked about. */
export interface Question {
  readonly probe: Probe;
  readonly subject: Subject;
}

/** Questions that do not need one another's answers are yielded together. */
export type Asking<T> = Generator<readonly Question[], T, readonly Answer[]>;

/** The answer to one question. */
export function* ask(probe: Probe, subject: Subject = SYSTEM): Asking<Answer> {
  const [answer] = yield [{ probe, subject }];
  return answer as Answer;
}

/** The answers to several questions, in their order. */
export function* askAll(questions: readonly Question[]): Asking<readonly Answer[]> {
  return questions.length === 0 ? [] : yield questions;
}

/** A probe, and which of its values is meant. */
export interface Wanted {
  readonly probe: Probe;
  readonly pick: Pick;
}

export const want = (probe: Probe, pick: Pick = 'value'): Wanted => ({ probe, pick });

/** The readings of several values of one subject, in their order. */
export function* read(wanted: readonly Wanted[], subject: Subject = SYSTEM): Asking<readonly Reading[]> {
  const answers = yield* askAll(wanted.map(({ probe }) => ({ probe, subject })));
  return answers.map((answer, i) => answer.pick((wanted[i] as Wanted).pick)());
}

/** One value of a probe. */
export function* readOne(probe: Probe, subject: Subject = SYSTEM, pick: Pick = 'value'): Asking<Reading> {
  return (yield* ask(probe, subject)).pick(pick)();
}

/** What several do not need of one another is asked at the same time: about each GPU, each link. */
export function* together<T>(askings: readonly Asking<T>[]): Asking<readonly T[]> {
  const results = new Array<T>(askings.length);
  let waiting: WaitingAsking<T>[] = [];
  const take = (asking: Asking<T>, i: number, step: IteratorResult<readonly Question[], T>): void => {
    if (step.done === true) results[i] = step.value;
    else waiting.push({ asking, i, questions: step.value });
  };
  askings.forEach((asking, i) => {
    take(asking, i, asking.next());
  });
  while (waiting.length > 0) {
    const asked = waiting;
    waiting = [];
    const answers = yield asked.length === 1 ? (asked[0] as WaitingAsking<T>).questions : allOf(asked);
    let from = 0;
    for (const { asking, i, questions } of asked) {
      const to = from + questions.length;
      take(asking, i, asking.next(answers.slice(from, to)));
      from = to;
    }
  }
  return results;
}

/** One of several, and what it asks now. */
interface WaitingAsking<T> {
  readonly asking: Asking<T>;
  readonly i: number;
  readonly questions: readonly Question[];
}

/** A loop and no flatMap: a monitor does this for every GPU at every tick. */
function allOf(asked: readonly WaitingAsking<unknown>[]): readonly Question[] {
  const all: Question[] = [];
  for (const { questions } of asked) for (const question of questions) all.push(question);
  return all;
}

/** The same for each of a list, flattened. */
export function* eachOf<S, T>(
  list: readonly S[],
  asking: (of: S) => Asking<readonly T[]>,
): Asking<readonly T[]> {
  return (yield* together(list.map(asking))).flat();
}
