/**
 * Workload power profiles and power smoothing. nvidia-smi 550 has neither; the words are those of its other setters, as no output of
 * a newer one was seen.
 */

import { type Call, SUBJECT, struct } from '../nvml/call.js';
import { NVML_ERROR_INVALID_ARGUMENT } from '../nvml/generated/constants.js';
import * as nvml from '../nvml/generated/entries.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import type { Layout } from '../nvml/layout.js';
import { Missing } from '../nvml/status.js';
import { supportedProfiles } from '../query/power/profiles.js';
import { asking } from '../query/probe.js';
import type { Attempt } from './acting.js';
import { failed, ready, type Target, unsupported } from './action.js';
import { askNow, runNow } from './ask.js';
import { change } from './change.js';
import { verdictOf } from './words.js';

/** nvmlWorkloadPowerProfileRequestedProfiles_v1_t with a name for each word of its mask. */
const WORDS = 8;
const REQUESTED: Layout = {
  size: 36,
  fields: {
    version: ['u32', 0],
    ...Object.fromEntries(Array.from({ length: WORDS }, (_, i) => [`word${i}`, ['u32', 4 + 4 * i] as const])),
  },
};
const REQUESTED_V1 = 16777252;

function maskCall(fn: FunctionName, ids: readonly number[]): Call {
  const words = Array.from({ length: WORDS }, (_, i): [string, number] => [
    `word${i}`,
    ids.filter((id) => id >> 5 === i).reduce((word, id) => (word | (1 << (id & 31))) >>> 0, 0),
  ]);
  return {
    fn,
    args: [SUBJECT, struct(REQUESTED, { version: REQUESTED_V1, ...Object.fromEntries(words) })],
  };
}

const GREATEST_PROFILE = 254;

/** The ids of a comma list; undefined where one is none. */
export function profileIds(list: string): readonly number[] | undefined {
  const ids = list.split(',').map((id) => id.trim());
  return ids.every((id) => /^\d+$/.test(id) && Number(id) <= GREATEST_PROFILE) ? ids.map(Number) : undefined;
}

function profileAttempt(
  target: Target,
  ids: readonly number[],
  action: string,
  fn: FunctionName,
  verb: readonly [done: string, failed: string],
): Attempt {
  const { asker, gpu, busId } = target;
  const list = ids.join(',');
  return {
    action,
    value: list,
    target,
    needs: ['root'],
    check() {
      const found =
        supportedProfiles.find === undefined ? [] : runNow(asker, supportedProfiles.find(gpu, new Set()));
      if (found instanceof Missing) {
        return unsupported(found.status, 'Workload Power Profiles feature is not supported on this device.');
      }
      const known = found.map(({ values }) => Number(values.id));
      const unknown = ids.filter((id) => !known.includes(id));
      return unknown.length === 0
        ? ready
        : failed(
            NVML_ERROR_INVALID_ARGUMENT,
            `GPU ${busId} does not support the power profiles ${unknown.join(', ')}; it supports ${known.join(', ')}.`,
          );
    },
    make: () =>
      verdictOf(askNow(asker, asking(`${fn}(${list})`, maskCall(fn, ids)), gpu).status, {
        done: `${verb[0]} power profiles ${list} for GPU ${busId}.`,
        failed: `Unable to ${verb[1]} power profiles ${list} for GPU ${busId}`,
      }),
  };
}

export const requestProfiles = (target: Target, ids: readonly number[]): Attempt =>
  profileAttempt(target, ids, 'set-requested', 'nvmlDeviceWorkloadPowerProfileSetRequestedProfiles', [
    'Requested',
    'request',
  ]);

export const clearProfiles = (target: Target, ids: readonly number[]): Attempt =>
  profileAttempt(target, ids, 'clear-requested', 'nvmlDeviceWorkloadPowerProfileClearRequestedProfiles', [
    'Cleared',
    'clear',
  ]);

export const setSmoothing = (target: Target, state: number): Attempt => {
  const words = state === 1 ? (['Enabled', 'enable'] as const) : (['Disabled', 'disable'] as const);
  return {
    action: 'state',
    value: state,
    target,
    needs: ['root'],
    check: () =>
      state > 1 ? failed(NVML_ERROR_INVALID_ARGUMENT, `Invalid power smoothing state: ${state}`) : ready,
    make: () =>
      verdictOf(change(target.asker, nvml.nvmlDevicePowerSmoothingSetState, { state }, target.gpu).status, {
        done: `${words[0]} power smoothing for GPU ${target.busId}.`,
        failed: `Unable to ${words[1]} power smoothing for GPU ${target.busId}`,
      }),
  };
};

export const activatePreset = (target: Target, profileId: number): Attempt => ({
  action: 'set-preset-profile',
  value: profileId,
  target,
  needs: ['root'],
  make: () =>
    verdictOf(
      change(target.asker, nvml.nvmlDevicePowerSmoothingActivatePresetProfile, { profileId }, target.gpu)
        .status,
      {
        done: `Activated the power smoothing profile ${profileId} for GPU ${target.busId}.`,
        failed: `Unable to activate the power smoothing profile ${profileId} for GPU ${target.busId}`,
      },
    ),
});
