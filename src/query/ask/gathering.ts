/** Gathers questions while readers of their answers are made; the readers work once the questions are answered. */
import type { Answer, Pick, Reader } from '../reading.js';
import type { Question, Wanted } from './asking.js';
import type { Subject } from './subject.js';

export class Gathering {
  readonly questions: Question[] = [];
  /** In the order of the questions. */
  answers: readonly Answer[] = [];

  reader({ probe, pick }: Wanted, subject: Subject, raw = false): Reader {
    return this.picked(this.add({ probe, subject }), pick, raw);
  }

  /** The place of a question among the answers. */
  add(question: Question): number {
    return this.questions.push(question) - 1;
  }

  private picked(place: number, pick: Pick, raw: boolean): Reader {
    let read: Reader | undefined;
    return () => {
      read ??= (this.answers[place] as Answer).pick(pick, raw);
      return read();
    };
  }
}
