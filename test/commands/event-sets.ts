/** The answers of event sets in made-up machines. */
import type { Json } from '../../src/snapshot/answer.js';

/** The answer of whichever event set a run makes: they are numbered through in a process. */
export const ofSets = (answer: Json): Readonly<Record<string, Json>> =>
  Object.fromEntries(Array.from({ length: 40 }, (_, set) => [`events${set},0`, answer]));
