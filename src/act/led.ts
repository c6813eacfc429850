/** The LED of a unit (S-Class systems), with nvidia-smi's words (550.163.01). */

import type { Handle } from '../nvml/call.js';
import { NVML_ERROR_INVALID_ARGUMENT, NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import {
  nvmlUnitGetHandleByIndex,
  nvmlUnitGetLedState,
  nvmlUnitSetLedState,
} from '../nvml/generated/entries.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { sample } from '../query/probe.js';
import type { Attempt } from './acting.js';
import { type ActionVerdict, failed, ready, unchanged, unsupported } from './action.js';
import { askNow } from './ask.js';
import { change, subjectOf } from './change.js';
import { verdictOf } from './words.js';

const COLORS = ['Green', 'Amber'] as const;

export function setLed(asker: Asker, unit: number, color: number): Attempt {
  const handle = askNow(asker, sample(nvmlUnitGetHandleByIndex, { index: unit }));
  const subject = subjectOf(handle.read('unit') as Handle);
  const check = (): ActionVerdict => {
    if (handle.status !== 0) {
      return failed(
        handle.status,
        `Unable to determine unit handle for unit ${unit}: ${statusReason(handle.status)}`,
      );
    }
    if (COLORS[color] === undefined) {
      return failed(NVML_ERROR_INVALID_ARGUMENT, `Invalid LED state: ${color}`);
    }
    const state = askNow(asker, sample(nvmlUnitGetLedState), subject).read('color');
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
      verdictOf(change(asker, nvmlUnitSetLedState, { color }, subject).status, {
        done: `LED state for unit ${unit} is now ${COLORS[color]}.`,
        failed: `Unable to set led state for unit ${unit}`,
      }),
  };
}
