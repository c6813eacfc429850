/** Probes read at once, where a command needs some values and no plan. */
import type { Session } from '../nvml/session.js';
import { Asked, type Pick, type Reading } from './asked.js';
import { Asking, type Subject, SYSTEM } from './plan.js';
import type { Probe } from './probe.js';

/** A probe, and which of its values is meant. */
export interface Wanted {
  readonly probe: Probe;
  readonly pick: Pick;
}

export const want = (probe: Probe, pick: Pick = 'value'): Wanted => ({ probe, pick });

/** Reads values of probes, in their order; field ids are asked in one call. Not for probes that wait. */
export function readWanted(
  session: Session,
  subject: Subject,
  wanted: readonly Wanted[],
): readonly Reading[] {
  const asking = new Asking(session);
  const readers = wanted.map(({ probe, pick }) => asking.reader(probe, pick, subject));
  asking.seal();
  void asking.run();
  return readers.map((read) => read());
}

/** Asks a probe at once, and returns it with its answer. */
export function askOnce(session: Session, probe: Probe, subject: Subject = SYSTEM): Asked {
  const asked = new Asked(probe, session.driver, subject.handle, subject.status);
  asked.run();
  return asked;
}
