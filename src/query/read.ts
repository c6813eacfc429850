/** Probes read at once, where a command needs some values and no plan. */
import type { Session } from '../nvml/session.js';
import { BoundProbe, type Pick, type Reading } from './bound-probe.js';
import { Questions, type Subject, SYSTEM } from './plan.js';
import type { Probe } from './probe.js';
import type { AskProbe } from './table.js';

/** A probe, and which of its values is meant. */
export interface Wanted {
  readonly probe: Probe;
  readonly pick: Pick;
}

export const want = (probe: Probe, pick: Pick = 'value'): Wanted => ({ probe, pick });

/** Reads values of probes, in their order; field ids are asked in one call. Not for probes that wait. */
export function readValues(
  session: Session,
  subject: Subject,
  wanted: readonly Wanted[],
): readonly Reading[] {
  const questions = new Questions(session);
  const readers = wanted.map(({ probe, pick }) => questions.reader(probe, pick, subject));
  questions.seal();
  void questions.run();
  return readers.map((read) => read());
}

/** Asks about one subject at once, if it is not given another. */
export const askerOf =
  (session: Session, subject: Subject): AskProbe =>
  (probe, about = subject) =>
    askProbe(session, probe, about);

/** Asks a probe at once, and returns it with its answer. */
export function askProbe(session: Session, probe: Probe, subject: Subject = SYSTEM): BoundProbe {
  const asked = new BoundProbe(probe, session.driver, subject.handle, subject.status);
  asked.run();
  return asked;
}
