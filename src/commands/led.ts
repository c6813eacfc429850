/** `-t`: the LED of units (S-Class systems). */
import type { Attempt } from '../act/acting.js';
import { failed, ready, unchanged, unsupported, type Verdict } from '../act/action.js';
import { change, subjectOf } from '../act/change.js';
import { wholeNumber } from '../act/value.js';
import { verdictOf } from '../act/words.js';
import type { Scan } from '../argv.js';
import { EXIT, UsageError } from '../errors.js';
import type { Handle } from '../nvml/call.js';
import { NVML_ERROR_INVALID_ARGUMENT, NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import {
  nvmlUnitGetCount,
  nvmlUnitGetHandleByIndex,
  nvmlUnitGetLedState,
  nvmlUnitSetLedState,
} from '../nvml/generated/entries.js';
import type { Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import { plainly } from '../plain-text.js';
import { sample } from '../query/probe.js';
import { askProbe } from '../query/read.js';
import { beginActing, type ModifyGiven } from './acting.js';
import type { Context } from './context.js';

const COLORS = ['Green', 'Amber'] as const;

const NOTE = [
  "Please Note: Current S-Class products don't provide unique LEDs for each unit.",
  '             As such, both front and back LEDs will be toggled in unison',
  '             regardless of which unit is specified with this command',
  '',
  '',
].join('\n');

export async function led(given: ModifyGiven, { tokens }: Scan, context: Context): Promise<number> {
  const token = tokens.findLast(({ spec }) => spec.long === 'toggle-led');
  const color = wholeNumber(token?.value ?? '');
  if (color === undefined) {
    throw new UsageError(
      plainly`ERROR: Option ${token?.value} is invalid for ${token?.written}. Please run 'nvidia-smi -h' for help.\n`,
    );
  }
  const acting = await beginActing(given, context);
  const { session } = acting;
  const count = askProbe(session, sample(nvmlUnitGetCount)).read('unitCount');
  if (count instanceof Missing || Number(count) === 0) {
    throw new UsageError('No units found in system', EXIT.noDevice);
  }
  const units =
    given.id === undefined
      ? Array.from({ length: Number(count) }, (_, i) => i)
      : given.id.split(',').map(Number);
  for (const unit of units) {
    acting.say(NOTE);
    const verdict = acting.attempt(attemptOf(session, unit, color));
    acting.say(verdict.lines.map((line) => `${line}\n`).join(''));
    const isWarning = verdict.outcome === 'unsupported' && !given['error-on-warning'];
    if (isWarning) acting.say('Treating as warning and moving on.\n');
    else if (verdict.status !== 0) {
      acting.say('Terminating early due to previous errors.\n');
      return acting.finish(verdict.status);
    }
  }
  if (!acting.manner.isDryRun) acting.say('All done.\n');
  return acting.finish(EXIT.ok);
}

function attemptOf(session: Session, unit: number, color: number): Attempt {
  const handle = askProbe(session, sample(nvmlUnitGetHandleByIndex, { index: unit }));
  const subject = subjectOf(handle.read('unit') as Handle);
  const check = (): Verdict => {
    if (handle.status !== 0) {
      return failed(
        handle.status,
        `Unable to determine unit handle for unit ${unit}: ${statusReason(handle.status)}`,
      );
    }
    if (COLORS[color] === undefined) {
      return failed(NVML_ERROR_INVALID_ARGUMENT, `Invalid LED state: ${color}`);
    }
    const state = askProbe(session, sample(nvmlUnitGetLedState), subject).read('color');
    if (!(state instanceof Missing)) {
      return Number(state) === color
        ? unchanged(`LED state is already ${COLORS[color]} for unit ${unit}.`)
        : ready;
    }
    return state.status === NVML_ERROR_NOT_SUPPORTED
      ? unsupported(state.status, `Setting led state is not supported for unit ${unit} on this platform.`)
      : failed(
          state.status,
          `Unable to determine current led state for unit ${unit}: ${statusReason(state.status)}`,
        );
  };
  return {
    action: 'toggle-led',
    value: COLORS[color] ?? color,
    part: { unit },
    needs: ['root'],
    check,
    make: () =>
      verdictOf(change(session, nvmlUnitSetLedState, { color }, subject).status, {
        done: `LED state for unit ${unit} is now ${COLORS[color]}.`,
        failed: `Unable to set led state for unit ${unit}`,
      }),
  };
}
