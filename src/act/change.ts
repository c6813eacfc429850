/** The one caller of functions that change a GPU. What they are asked with, and what they answer. */

import type { Handle } from '../nvml/call.js';
import type { Entry } from '../nvml/entry.js';
import type { Asker } from '../query/ask/asker.js';
import type { Subject } from '../query/ask/subject.js';
import { type InputsOf, sample } from '../query/probe.js';
import type { Answer } from '../query/reading.js';
import { askNow } from './ask.js';

/** Calls a function that changes something, once. A driver that was not opened for that throws. */
export const change = <E extends Entry>(
  asker: Asker,
  entry: E,
  inputs: InputsOf<E>,
  subject?: Subject,
): Answer => askNow(asker, sample(entry, inputs), subject);

/** An instance or another handle as the subject of a call. */
export const subjectOf = (handle: Handle): Subject => ({ index: -1, handle, status: 0 });
