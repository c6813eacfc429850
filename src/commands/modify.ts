/** Options that change GPUs, before any subcommand: which is meant, and what is said of each GPU (550.163.01). */

import type { Acting } from '../act/acting.js';
import type { ActionVerdict, Target } from '../act/action.js';
import { now, targetOf } from '../act/ask.js';
import {
  BEYOND_NVML,
  MODIFICATIONS,
  type Modification,
  OLD_NAMES,
  type PreparedAction,
  RESET,
} from '../act/modifications.js';
import { resetGpus } from '../act/reset.js';
import { wholeNumber } from '../act/value.js';
import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { nvmlDeviceGetPersistenceMode } from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import type { Context } from './context.js';
import { type AskedChange, beginActing, type ModifyGiven } from './runner/acting.js';
import { lostLines, reachable, statusOf } from './runner/lost.js';
import { chosenGpus } from './runner/select.js';

const refusal = (words: string, status: number = EXIT.usage): UsageError =>
  new UsageError(`${words}\n`, status);

/** Options that go with another one. */
const BESIDE = [
  ['mode', 'lock-gpu-clocks', "'--mode' can only be used with '--lock-gpu-clocks'"],
  ['scope', 'power-limit', "'--scope' can only be used with '--power-limits'"],
] as const;

const invalid = ({ written, value }: AskedChange): UsageError =>
  refusal(plainly`ERROR: Option ${value} is invalid for ${written}. Please run 'nvidia-smi -h' for help.`);

/** The option that is meant, and its value. Throws what is wrong before any GPU is looked for. */
function wantedBy({ changes, isTwice }: ModifyGiven): {
  readonly modification: Modification;
  readonly value: PreparedAction | 'nothing';
} {
  const scope = changes.findLast(({ option }) => option === 'scope');
  const read = changes.flatMap((change) => {
    const modification = MODIFICATIONS.find(
      ({ name }) => name === (OLD_NAMES[change.option] ?? change.option),
    );
    if (modification === undefined) return [];
    const value = modification.read(change.value, scope?.value);
    if (value === 'invalid')
      throw invalid((isScopeWrong(modification, change) ? scope : undefined) ?? change);
    return [{ modification, value }];
  });
  const mode = changes.findLast(({ option }) => option === 'mode');
  if (mode !== undefined && (wholeNumber(mode.value) ?? -1) === -1) throw invalid(mode);
  for (const [beside, with_, words] of BESIDE) {
    const isGiven = (long: string): boolean => changes.some(({ option }) => option === long);
    if (isGiven(beside) && !isGiven(with_)) {
      throw refusal(`Invalid combination of input arguments. ${words}.`);
    }
  }
  const [only] = read;
  if (only === undefined || read.length > 1 || isTwice) {
    throw refusal(
      'Invalid combination of input arguments. Only one device modification may be done at a time.',
    );
  }
  return only;
}

/** Of a power limit either its number or its scope is none. */
const isScopeWrong = ({ name, read }: Modification, { value }: AskedChange): boolean =>
  name === 'power-limit' && read(value, undefined) !== 'invalid';

const PERSISTENCE =
  'See the Known Issues section of the nvidia-smi(1) man page for more information. Run with [--help | -h] switch to get more information on how to enable persistence mode.';

/** What nvidia-smi adds where a GPU forgets what was set with its last client. */
function persistenceWarning(target: Target): string {
  const mode = now(target, nvmlDeviceGetPersistenceMode, 'mode');
  return mode === 0
    ? `\nWarning: persistence mode is disabled on device ${target.busId}. ${PERSISTENCE}\n`
    : '';
}

const MOVING_ON = 'Treating as warning and moving on.\n';

function endOf(status: number, reboots: boolean): string {
  if (status === EXIT.ok) return `All done.\n${reboots ? 'Reboot required.\n' : ''}`;
  return `Terminating early due to previous errors.${reboots ? ' Reboot required.' : ''}\n`;
}

export async function modify(given: ModifyGiven, context: Context): Promise<number> {
  const { modification, value } = wantedBy(given);
  const acting = await beginActing(given, context);
  const gpus = await chosenGpus(acting.session, given.id);
  if (reachable(gpus).length < gpus.length) {
    acting.say(`${lostLines(gpus)}\n\n`);
    return acting.finish(statusOf(gpus));
  }
  if (value === 'nothing') {
    throw refusal('Input combination for device modification is not valid.', EXIT.unknownOption);
  }
  if (modification.name === RESET) {
    const targets = gpus.map((gpu) => targetOf(acting.asker, gpu));
    return resetGpus(acting, targets, value.shown, (text) => context.io.err(text));
  }
  if (BEYOND_NVML.includes(modification.name)) {
    context.io.err(`NVML has no function for --${modification.name}; nvidia-smi does it without NVML.\n`);
  }
  if (given.changes.some((change) => change.value === 'EXCLUSIVE_THREAD')) {
    acting.say('Warning: EXCLUSIVE_THREAD mode is deprecated and will be removed in future releases.\n');
  }
  return acting.finish(modifyAll(acting, modification, value, gpus, given));
}

function modifyAll(
  acting: Acting,
  { warnsOfPersistence }: Modification,
  value: PreparedAction,
  gpus: readonly Gpu[],
  given: ModifyGiven,
): number {
  let status: number = EXIT.ok;
  let reboots = false;
  const attempts = gpus.map((gpu) => attemptOf(acting, value, gpu));
  for (const [i, attempt] of attempts.entries()) {
    const verdict = acting.attempt(attempt);
    const { outcome, lines } = verdict;
    acting.say(lines.map((line) => `${line}\n`).join(''));
    if (outcome === 'changed' && warnsOfPersistence && !verdict.isQuiet) {
      acting.say(persistenceWarning(attempt.target));
    }
    reboots ||= verdict.needsReboot === true;
    if (!isFailure(verdict, given)) {
      if (outcome === 'unsupported' && !verdict.isQuiet) acting.say(MOVING_ON);
      continue;
    }
    status ||= verdict.status;
    if (given['keep-going']) continue;
    for (const later of attempts.slice(i + 1)) acting.leave(later);
    acting.say(endOf(status, reboots));
    return status;
  }
  if (!acting.manner.isDryRun) acting.say(endOf(status, reboots));
  return status;
}

/** A warning is one with -eow. */
const isFailure = ({ outcome, isQuiet }: ActionVerdict, given: ModifyGiven): boolean =>
  outcome === 'failed' || (outcome === 'unsupported' && !isQuiet && given['error-on-warning'] === true);

function attemptOf(acting: Acting, { action, shown, check, make }: PreparedAction, gpu: Gpu) {
  const target = targetOf(acting.asker, gpu);
  return {
    action: action.name,
    value: shown,
    target,
    fields: action.fields,
    needs: action.needs,
    check: () => check(target),
    make: () => make(target),
  };
}
