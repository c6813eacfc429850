/** Rules of a simulated machine as a command line has them: checked here, carried out by the library (simulator/control.c). */
import { EXIT, UsageError } from '../base/errors.js';
import { own } from '../base/form.js';
import { plainly } from '../base/plain-text.js';
import * as constants from '../nvml/generated/constants.js';
import { type FunctionName, signatures } from '../nvml/generated/functions.js';
import { nearestNames } from '../query/nearest.js';
import type { Snapshot } from '../snapshot/snapshot.js';

const ALL = '*';
const PREFIX = 'NVML_ERROR_';

const STATUSES = Object.keys(constants).filter((name) => name.startsWith(PREFIX));

const FUNCTIONS = Object.keys(signatures) as readonly FunctionName[];
/** A name without its version is the name of all versions. */
const NAMES = [...new Set(FUNCTIONS.flatMap((fn) => [fn, fn.replace(/_v\d+$/, '')]))];

/** What has a handle in a recording: gpu0, gpu0/mig1, gpu0/gi2. */
const handlesIn = ({ calls }: Snapshot): readonly string[] => [
  ...new Set(
    Object.entries(calls).flatMap(([fn, answers]) =>
      /Handle|ById$|GetGpuInstances$|GetComputeInstances$/.test(fn)
        ? Object.values(answers)
            .flatMap((answer) => (Array.isArray(answer) ? answer : [answer]))
            .filter(isHandle)
        : [],
    ),
  ),
];

const isHandle = (answer: unknown): answer is string =>
  typeof answer === 'string' && /^[a-z]+\d/.test(answer);

/** `[GPU] FUNCTION STATUS` or `[GPU] FUNCTION` as a rule. Throws UsageError for a word that is unknown, missing or too many. */
export function ruleOf(kind: 'fail' | 'hang', text: string, snapshot: Snapshot): string {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const needed = kind === 'fail' ? 2 : 1;
  const [handle, ...rest] = words.length > needed ? words : [undefined, ...words];
  const [fn = '', status] = rest;
  if (rest.length !== needed) {
    const form = kind === 'fail' ? '[GPU] FUNCTION STATUS' : '[GPU] FUNCTION';
    throw new UsageError(plainly`Option --${kind} takes "${form}", not "${text}".`);
  }
  if (handle !== undefined) known('GPU', handle, handlesIn(snapshot));
  if (fn !== ALL) known('function', fn, NAMES);
  if (status !== undefined) {
    const whole = status.startsWith(PREFIX) ? status : `${PREFIX}${status}`;
    if (own(constants as Readonly<Record<string, unknown>>, whole) === undefined) {
      throw unknownWord(
        'status',
        status,
        STATUSES.map((name) => name.slice(PREFIX.length)),
      );
    }
  }
  return [kind, ...words].join(' ');
}

function known(what: string, word: string, among: readonly string[]): void {
  if (!among.includes(word)) throw unknownWord(what, word, among);
}

/** The refusal of a word, with the nearest that are known; with all of them where they are few. */
export function unknownWord(what: string, word: string, among: readonly string[]): UsageError {
  const near = nearestNames(word, among);
  const hint =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : among.length > FEW
        ? undefined
        : `There are ${among.join(', ')}.`;
  return new UsageError(plainly`Unknown ${what} "${word}".`, EXIT.usage, hint);
}

const FEW = 16;
