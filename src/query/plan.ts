/**
 * A plan: rows compiled for a session's GPUs. Names, symbols and buffers are resolved once; a sample runs
 * each call once, however many rows read it, and the waiting calls of all GPUs at the same time.
 */
import type { FieldId, Handle } from '../nvml/call.js';
import type { Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, type Status } from '../nvml/status.js';
import { BoundFields } from './bound-fields.js';
import { BoundProbe, type Reader } from './bound-probe.js';
import { fieldFamily } from './field-families.js';
import type { Lifetime, Probe } from './probe.js';
import type { Row, StatusValues } from './row.js';
import { askAll, type Question, type Schedule, scheduleOf } from './schedule.js';

/** What a plan asks about: a GPU or a MIG device. A GPU that was lost before the start has no handle, but a status. */
export interface Subject {
  readonly index: number;
  readonly handle: Handle | undefined;
  readonly status: Status;
}

/** The subject of questions that are about no GPU: about the system, or about a vGPU, whose number is an argument. */
export const SYSTEM: Subject = { index: -1, handle: undefined, status: 0 };

/** One line of a plan: the readers of a subject, in the order of the rows. */
export interface PlanLine {
  readonly subject: Subject;
  readonly readers: readonly Reader[];
}

export interface Plan {
  readonly rows: readonly Row[];
  readonly lines: readonly PlanLine[];
  /** Whether a row's value stays the same for the whole run. */
  isStatic(row: Row): boolean;
  /** Asks everything that is due. A promise only where something waits on worker threads. */
  sample(): void | Promise<void>;
}

/** What rows may read beside the answers of NVML. */
export interface PlanContext {
  readonly session: Session;
  /** Milliseconds since the epoch. */
  now(): number;
}

export function compilePlan(rows: readonly Row[], subjects: readonly Subject[], context: PlanContext): Plan {
  const questions = new Questions(context.session);
  const lines = subjects.map((subject) => ({
    subject,
    readers: rows.map((row) => rowReader(row, subject, questions, context)),
  }));
  questions.seal();
  return {
    rows,
    lines,
    isStatic: ({ source }) =>
      'probe' in source
        ? source.probe.lifetime === 'static'
        : 'constant' in source || ('own' in source && source.own !== 'timestamp'),
    sample: () => questions.run(),
  };
}

/** A reader of a field about a subject. A value of an item is read from the item, not here. */
export function rowReader(
  { source }: Pick<Row, 'source'>,
  subject: Subject,
  questions: Questions,
  context: PlanContext,
): Reader {
  if ('item' in source) return () => NOT_SUPPORTED;
  if ('constant' in source) return () => source.constant;
  if ('probe' in source) {
    const read = questions.reader(source.probe, source.pick, subject);
    return source.statuses === undefined ? read : withStatuses(read, source.statuses);
  }
  switch (source.own) {
    case 'index':
      return () => subject.index;
    case 'count':
      return () => context.session.gpus.length;
    case 'timestamp':
      return () => context.now();
    case 'blank':
      return () => '';
  }
}

/** Some statuses are answers: reads them as the values that they stand for. */
const withStatuses =
  (read: Reader, statuses: StatusValues): Reader =>
  () => {
    const reading = read();
    return reading instanceof Missing ? (statuses[reading.status] ?? reading) : reading;
  };

const subjectKey = (subject: Subject): string => String(subject.handle ?? `lost ${subject.index}`);

/** The questions of a plan, each probe once per subject. Can also be used alone, for reports and tables. */
export class Questions {
  private readonly asked = new Map<string, BoundProbe>();
  private readonly fields = new Map<
    string,
    { subject: Subject; lifetime: Lifetime; ids: FieldId[]; ask?: BoundFields }
  >();
  private due: Question[] = [];
  private everySample: Question[] = [];
  /** The schedule of the questions that every sample asks. */
  private steady: Schedule | undefined;

  constructor(private readonly session: Session) {}

  /** A reader of a value of a probe on a subject. */
  reader(probe: Probe, pick: Parameters<BoundProbe['pick']>[0], subject: Subject): Reader {
    return probe.field === undefined
      ? this.ask(probe, subject).pick(pick)
      : this.fieldReader(probe.field, probe.lifetime, subject);
  }

  /** A probe on a subject, to be run with the next sample. */
  ask(probe: Probe, subject: Subject): BoundProbe {
    const key = `${subjectKey(subject)}/${probe.name}`;
    let asked = this.asked.get(key);
    if (asked === undefined) {
      asked = new BoundProbe(probe, this.session.driver, subject.handle, subject.status);
      this.asked.set(key, asked);
      const question = asked;
      this.due.push({
        subject: subjectKey(subject),
        lifetime: probe.lifetime,
        waits: probe.waits,
        undisturbed: probe.undisturbed ?? false,
        run: () => question.run(),
        start: () => question.start(),
      });
    }
    return asked;
  }

  /** Field ids of one subject, lifetime and family are gathered into one call, made when the plan is sealed. */
  private fieldReader(id: FieldId, lifetime: Lifetime, subject: Subject): Reader {
    const key = `${subjectKey(subject)}/${lifetime}/${fieldFamily(...id)}`;
    let batch = this.fields.get(key);
    if (batch === undefined || batch.ask !== undefined) {
      batch = { subject, lifetime, ids: [] };
      this.fields.set(key, batch);
    }
    const into = batch;
    let index = into.ids.findIndex(([field, scope]) => field === id[0] && scope === id[1]);
    if (index === -1) index = into.ids.push(id) - 1;
    let read: Reader | undefined;
    return () => {
      read ??= (into.ask as BoundFields).reader(index);
      return read();
    };
  }

  /** Turns the gathered field ids into calls. */
  seal(): void {
    for (const batch of this.fields.values()) {
      if (batch.ask !== undefined) continue;
      const ask = new BoundFields(batch.ids, this.session.driver, batch.subject.handle, batch.subject.status);
      batch.ask = ask;
      this.due.push({
        subject: subjectKey(batch.subject),
        lifetime: batch.lifetime,
        waits: false,
        undisturbed: false,
        run: () => ask.run(),
        start: async () => ask.run(),
      });
    }
  }

  run(): void | Promise<void> {
    if (this.due.length === 0) {
      this.steady ??= scheduleOf(this.everySample);
      return askAll(this.steady);
    }
    const questions = [...this.everySample, ...this.due];
    this.everySample = questions.filter((question) => question.lifetime === 'sample');
    this.due = [];
    this.steady = undefined;
    return askAll(scheduleOf(questions));
  }
}
