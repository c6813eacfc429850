/** NVLink: its bandwidth mode, the idle time before its low power state, and its error counters. */

import {
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NO_PERMISSION,
  NVML_NVLINK_LOW_POWER_THRESHOLD_RESET,
} from '../nvml/generated/constants.js';
import * as nvml from '../nvml/generated/entries.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { readFields } from '../query/ask/records.js';
import { lowPowerMaximum, lowPowerMinimum, lowPowerUnit } from '../query/links/nvlink.js';
import type { Attempt } from './acting.js';
import { changed, failed, ready, type Target } from './action.js';
import { runNow } from './ask.js';
import { change } from './change.js';

/** By NVML's numbers: NVML_GPU_NVLINK_BW_MODE_*. */
export const BANDWIDTH_MODES = ['FULL', 'OFF', 'MIN', 'HALF', '3QUARTER'] as const;

export function setBandwidthMode(asker: Asker, mode: string): Attempt {
  const refused = `Unable to set nvlink bandwidth mode ${mode}`;
  const nvlinkBwMode = (BANDWIDTH_MODES as readonly string[]).indexOf(mode);
  return {
    action: 'setBandwidthMode',
    value: mode,
    needs: ['root', 'idle'],
    check: () =>
      nvlinkBwMode === -1 ? failed(NVML_ERROR_INVALID_ARGUMENT, `Option ${mode} not found`, refused) : ready,
    make() {
      const { status } = change(asker, nvml.nvmlSystemSetNvlinkBwMode, { nvlinkBwMode });
      return status === 0
        ? changed(`Successfully set nvlink bandwidth mode to ${mode}`)
        : failed(status, refused);
    },
  };
}

/** `default`, or a number of the GPU's units. */
export function setLowPowerThreshold(target: Target, text: string): Attempt {
  const { asker, gpu } = target;
  const [unit, minimum, maximum] = runNow(
    asker,
    readFields([lowPowerUnit, lowPowerMinimum, lowPowerMaximum], gpu),
  );
  const unitMicroseconds = Number(unit);
  const isDefault = text === 'default';
  const value = isDefault ? NVML_NVLINK_LOW_POWER_THRESHOLD_RESET : /^\s*\d+$/.test(text) ? Number(text) : -1;
  return {
    action: 'setLowPowerThreshold',
    value: value < 0 || isDefault ? text : value,
    target,
    needs: ['root'],
    check: () => (value >= 0 ? ready : failed(NVML_ERROR_INVALID_ARGUMENT, 'Invalid argument')),
    make() {
      const entry = nvml.nvmlDeviceSetNvLinkDeviceLowPowerThreshold;
      const { status } = change(asker, entry, { lowPwrThreshold: value }, gpu);
      switch (status) {
        case 0:
          return changed(
            isDefault
              ? '\t Low Power Threshold reset successfully'
              : `\t Low Power Threshold set to ${value * unitMicroseconds} us`,
          );
        case NVML_ERROR_INVALID_ARGUMENT: {
          const range = `${shown(minimum)} to ${shown(maximum)}`;
          return failed(
            status,
            `\t Invalid Low Power Threshold value. Please enter 'default' or a value in the range of ${range}`,
          );
        }
        case NVML_ERROR_NO_PERMISSION:
          return failed(status, '\t Low Power Threshold: Insufficient permissions ');
        default:
          return failed(status, `NVML: Unable to set Low Power Threshold: ${statusReason(status)}`);
      }
    },
  };
}

const shown = (bound: unknown): string => (bound instanceof Missing ? '0' : String(bound));

export const resetErrorCounters = (target: Target, link: number): Attempt => ({
  action: 'reseterrorcounters',
  value: null,
  target,
  part: { link },
  needs: ['root'],
  make() {
    const { status } = change(target.asker, nvml.nvmlDeviceResetNvLinkErrorCounters, { link }, target.gpu);
    return status === 0
      ? changed(`\t Link ${link}: error counters reset`)
      : failed(
          status,
          `NVML: Unable to reset NvLink link error counters for link ${link}: ${statusReason(status)}`,
        );
  },
});
