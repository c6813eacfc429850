/** The one caller of functions that change a GPU. What they are asked with, and what they answer. */
import type { Handle } from '../nvml/call.js';
import type { InputsOf } from '../nvml/call-of.js';
import type { Entry } from '../nvml/entry.js';
import type { Session } from '../nvml/session.js';
import type { Subject } from '../query/ask/subject.js';
import { sample } from '../query/probe.js';
import { askProbe } from '../query/read.js';
import type { Answer } from '../query/reading.js';

/** Calls a function that changes something, once. A driver that was not opened for that throws. */
export const change = <E extends Entry>(
  session: Session,
  entry: E,
  inputs: InputsOf<E>,
  subject?: Subject,
): Answer => askProbe(session, sample(entry, inputs), subject);

/** An instance or another handle as the subject of a call. */
export const subjectOf = (handle: Handle): Subject => ({ index: -1, handle, status: 0 });
