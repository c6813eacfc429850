/** Which processes are shown: those of a user, a pod, a Slurm job. */
import { UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { Missing } from '../nvml/status.js';
import { nearestNames } from '../query/nearest.js';
import type { HostProcess } from '../system/host-process.js';
import type { ProcessEntry } from './process-entry.js';

export interface ProcessFilter {
  /** Comma lists, as they were given. */
  readonly user?: string;
  readonly pod?: string;
  readonly job?: string;
}

const listed = (list: string): readonly string[] =>
  list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Table: how each option chooses. The beginning of a pod's UID is enough: tables show only that. */
const TESTS: Readonly<Record<keyof ProcessFilter, (host: HostProcess, word: string) => boolean>> = {
  user: ({ user, uid }, word) => user === word || String(uid) === word,
  pod: ({ podUid }, word) => podUid?.startsWith(word.toLowerCase()) === true,
  job: ({ slurm }, word) => {
    const [job, step] = word.split('.', 2);
    return slurm?.job === job && (step === undefined || slurm?.step === step);
  },
};

const NEEDED: Readonly<Record<keyof ProcessFilter, string>> = { user: 'user', pod: 'UID', job: 'job' };

const KEYS = Object.keys(TESTS) as readonly (keyof ProcessFilter)[];

/** The processes that every given filter chooses. A process that cannot be seen is in none. */
export function filtered(entries: readonly ProcessEntry[], filter: ProcessFilter): readonly ProcessEntry[] {
  return KEYS.reduce((rest, key) => {
    const list = filter[key];
    if (list === undefined) return rest;
    const words = listed(list);
    if (words.length === 0) throw new UsageError(`Option --${key} needs a ${NEEDED[key]}.`);
    return rest.filter(
      ({ host }) => !(host instanceof Missing) && words.some((word) => TESTS[key](host, word)),
    );
  }, entries);
}

/** Refuses a user that neither the machine nor any of the processes has. A number is always taken. */
export function refuseUnknownUser({ user }: ProcessFilter, known: readonly string[]): void {
  if (user === undefined) return;
  const words = listed(user);
  for (const word of words) {
    if (/^\d+$/.test(word) || known.includes(word)) continue;
    const near = nearestNames(word, known);
    throw new UsageError(
      plainly`There is no user "${word}".`,
      undefined,
      near.length === 0 ? undefined : plainly`Did you mean ${near.join(' or ')}?`,
    );
  }
}
