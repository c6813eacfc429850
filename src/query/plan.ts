/**
 * A plan: fields made ready for some subjects. Names, symbols and buffers are resolved once; a sample makes each call once,
 * however many fields read it, and the waiting calls of all GPUs at the same time.
 */
import type { Asker } from './ask/asker.js';
import { fieldReader } from './ask/field-reader.js';
import { Gathering } from './ask/gathering.js';
import type { Subject } from './ask/subject.js';
import { onlyGrowing } from './counter.js';
import type { Field } from './field.js';
import type { Reader } from './reading.js';

/** One line of a plan: the readers of a subject, in the order of the fields. */
export interface PlanLine {
  readonly subject: Subject;
  readonly readers: readonly Reader[];
}

/** The readers of a line for programs, to which a counter that ran backwards is no value. */
export const growingReaders = (fields: readonly Field[], { readers }: PlanLine): readonly Reader[] =>
  readers.map((read, i) => onlyGrowing(fields[i] as Field, read));

export interface Plan<F extends Field = Field> {
  readonly fields: readonly F[];
  readonly lines: readonly PlanLine[];
  /** Whether a field's value stays the same for the whole run. */
  isStatic(field: Field): boolean;
  /** Asks everything that is due, on this thread. */
  run(): void;
  /** The same. A promise only where something waits on worker threads. */
  sample(): void | Promise<void>;
}

/** `now` gives milliseconds since the epoch. */
export function compilePlan<F extends Field>(
  fields: readonly F[],
  subjects: readonly Subject[],
  { asker, now }: { readonly asker: Asker; readonly now: () => number },
): Plan<F> {
  const gathering = new Gathering();
  const around = { gpuCount: asker.session.gpus.length, now };
  const lines = subjects.map((subject) => ({
    subject,
    readers: fields.map((field) => fieldReader(field, subject, {}, gathering, around)),
  }));
  const { answers, run, start } = asker.prepare(gathering.questions);
  gathering.answers = answers;
  return { fields, lines, isStatic, run, sample: start };
}

const isStatic = ({ source }: Field): boolean =>
  'probe' in source
    ? source.probe.lifetime === 'static'
    : 'constant' in source || ('own' in source && source.own !== 'timestamp');
