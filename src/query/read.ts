/** Asks at once, on this thread, for code that holds a session. */
import type { Session } from '../nvml/session.js';
import { Asker } from './ask/asker.js';
import { type Asking, ask, read, type Wanted } from './ask/asking.js';
import type { Outcome } from './ask/outcome.js';
import { type Subject, SYSTEM } from './ask/subject.js';
import { gpuFields } from './gpu-fields.js';
import type { Probe } from './probe.js';
import type { Answer, Reading } from './reading.js';

export type AskProbe = (probe: Probe, subject?: Subject) => Answer;

const outcomes = new WeakMap<Session, Outcome>();

/** Lets what is asked here have its part in the exit status. */
export const shareOutcome = (session: Session, outcome: Outcome): void => {
  outcomes.set(session, outcome);
};

export const runOn = <T>(session: Session, asking: Asking<T>): T =>
  new Asker(session, { outcome: outcomes.get(session) }).run(asking);

export const readValues = (
  session: Session,
  subject: Subject,
  wanted: readonly Wanted[],
): readonly Reading[] => runOn(session, read(wanted, subject));

export const readGpuFields = (
  session: Session,
  subject: Subject,
  names: readonly string[],
): readonly Reading[] => runOn(session, gpuFields(names, subject));

export const askerOf =
  (session: Session, subject: Subject): AskProbe =>
  (probe, about = subject) =>
    askProbe(session, probe, about);

export const askProbe = (session: Session, probe: Probe, subject: Subject = SYSTEM): Answer =>
  runOn(session, ask(probe, subject));
