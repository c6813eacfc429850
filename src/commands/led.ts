/** `-t`: the LED of units (S-Class systems). */
import { askNow } from '../act/ask.js';
import { setLed } from '../act/led.js';
import { wholeNumber } from '../act/value.js';
import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { nvmlUnitGetCount } from '../nvml/generated/entries.js';
import { Missing } from '../nvml/status.js';
import { sample } from '../query/probe.js';
import type { Context } from './context.js';
import { beginActing, type ModifyGiven } from './runner/acting.js';

const NOTE = [
  "Please Note: Current S-Class products don't provide unique LEDs for each unit.",
  '             As such, both front and back LEDs will be toggled in unison',
  '             regardless of which unit is specified with this command',
  '',
  '',
].join('\n');

export async function led(given: ModifyGiven, context: Context): Promise<number> {
  const change = given.changes.findLast(({ option }) => option === 'toggle-led');
  const color = wholeNumber(change?.value ?? '');
  if (color === undefined) {
    throw new UsageError(
      plainly`ERROR: Option ${change?.value} is invalid for ${change?.written}. Please run 'nvidia-smi -h' for help.\n`,
    );
  }
  const acting = await beginActing(given, context);
  const { asker } = acting;
  const count = askNow(asker, sample(nvmlUnitGetCount)).read('unitCount');
  if (count instanceof Missing || Number(count) === 0) {
    throw new UsageError('No units found in system', EXIT.noDevice);
  }
  const units =
    given.id === undefined
      ? Array.from({ length: Number(count) }, (_, i) => i)
      : given.id.split(',').map(Number);
  for (const unit of units) {
    acting.say(NOTE);
    const verdict = acting.attempt(setLed(asker, unit, color));
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
