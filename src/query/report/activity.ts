/** What only the report shows of memory, clocks and power, and the samples that the driver keeps. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetAutoBoostedClocksEnabled,
  nvmlDeviceGetFBCStats,
  nvmlDeviceGetMaxClockInfo,
  nvmlDeviceGetMaxCustomerBoostClock,
  nvmlDeviceGetSamples,
  nvmlDeviceWorkloadPowerProfileGetCurrentProfiles,
} from '../../nvml/generated/entries.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { derive } from '../derive.js';
import { from } from '../field.js';
import { reasonBit } from '../gpu/clock-events.js';
import { bar1Memory } from '../gpu/memory.js';
import { active, count, type Kind, mebibytes, megahertz, text, watts, yesNo } from '../kind.js';
import { profileNames } from '../power/profile-names.js';
import { idsInMask } from '../power/profiles.js';
import { field, fixed, sample } from '../probe.js';
import type { AnswerView, Reading } from '../reading.js';
import { probeOf, type ReportField, reading } from './field.js';

const MEBIBYTE = 1024 * 1024;
const wholeMebibytes = (bytes: number): number => Math.floor(bytes / MEBIBYTE) * MEBIBYTE;

/**
 * BAR1 is rounded down, unlike the framebuffer, and what is free is the rest of the rounded numbers: an H100 that
 * uses 1.6 of 131072 MiB shows 1 and 131071 (580.159.04), and a MIG device with 12369.5 MiB shows 12369 (590.48.01).
 */
export const bar1InMebibytes = (
  view: AnswerView,
): { readonly total: Reading; readonly used: Reading; readonly free: Reading } => {
  const total = derive([view.read('bar1Total')], wholeMebibytes);
  const used = derive([view.read('bar1Used')], wholeMebibytes);
  return { total, used, free: derive([total, used], (all, taken) => all - taken) };
};
export const bar1Total = reading(mebibytes, bar1Memory, (view) => bar1InMebibytes(view).total);
export const bar1Used = reading(mebibytes, bar1Memory, (view) => bar1InMebibytes(view).used);
export const bar1Free = reading(mebibytes, bar1Memory, (view) => bar1InMebibytes(view).free);

const fbc = sample(nvmlDeviceGetFBCStats);
export const fbcSessions = reading(count, fbc, 'sessionsCount');
export const fbcAverageFps = reading(count, fbc, 'averageFPS');
export const fbcAverageLatency = reading(count, fbc, 'averageLatency');

const activeReasons = probeOf('clocks_event_reasons.active');
export const displayClockSetting: ReportField = {
  kind: active,
  source: from(activeReasons, reasonBit(nvml.nvmlClocksEventReasonDisplayClockSetting)),
};

export const videoClockMax = reading(
  megahertz,
  fixed(nvmlDeviceGetMaxClockInfo, { type: nvml.NVML_CLOCK_VIDEO }),
);
export const customerBoostMax = reading(
  megahertz,
  fixed(nvmlDeviceGetMaxCustomerBoostClock, { clockType: nvml.NVML_CLOCK_GRAPHICS }),
);

const autoBoost = sample(nvmlDeviceGetAutoBoostedClocksEnabled);
const onOff: Kind = {
  // Another number is Off (550.163.01 on the fake).
  spell: (value) => (Number(value) === 1 ? 'On' : 'Off'),
  json: (value) => Number(value) === 1,
  allOnes: true,
};
export const autoBoostNow = reading(onOff, autoBoost, 'isEnabled');
export const autoBoostDefault = reading(onOff, autoBoost, 'defaultIsEnabled');

const ofMemory = (id: number): ReportField => reading(watts, field(id, nvml.NVML_POWER_SCOPE_MEMORY));
export const memoryPowerAverage = ofMemory(nvml.NVML_FI_DEV_POWER_AVERAGE);
export const memoryPowerInstant = ofMemory(nvml.NVML_FI_DEV_POWER_INSTANT);

export const powerSmoothingEnabled = reading(yesNo, field(nvml.NVML_FI_PWR_SMOOTHING_ENABLED));
export const powerSmoothingPrivilege = reading(count, field(nvml.NVML_FI_PWR_SMOOTHING_PRIV_LVL));

const profiles = sample(nvmlDeviceWorkloadPowerProfileGetCurrentProfiles);

/** The names of a mask's profiles; a GB300 that has none of them shows N/A (580.173.02). */
const profilesIn = (mask: string): ReportField =>
  reading(text, profiles, (view) => {
    const names = idsInMask(view, mask).map((id) => profileNames.spell(id));
    return names.length === 0 ? NOT_SUPPORTED : names.join(', ');
  });
export const requestedProfiles = profilesIn('requestedProfilesMask');
export const enforcedProfiles = profilesIn('enforcedProfilesMask');

/** Which member of the union holds the samples, by NVML_VALUE_TYPE_*. */
const VALUE_MEMBERS: readonly string[] = ['dVal', 'uiVal', 'ulVal', 'ullVal', 'sllVal', 'siVal', 'usVal'];

/** The five lines about the samples of a reading that the driver kept. */
export interface Samples {
  readonly duration: ReportField;
  readonly count: ReportField;
  readonly max: ReportField;
  readonly min: ReportField;
  readonly average: ReportField;
}

/** Seconds with two decimals out of microseconds. */
const seconds: Kind = {
  unit: 'sec',
  spell: (value) => (Number(value) / 1e6).toFixed(2),
  json: (value) => Math.round(Number(value) / 1e4) / 100,
};

/** `as` is the kind of the samples themselves. */
export function samplesOf(type: number, as: Kind): Samples {
  const probe = sample(nvmlDeviceGetSamples, { type, lastSeenTimeStamp: 0 });
  const over = (
    kind: Kind,
    of: (values: readonly number[], times: readonly number[]) => number,
  ): ReportField => ({
    kind,
    source: from(probe, (answer) => {
      const items = answer.items();
      if (items instanceof Missing) return items;
      const member = VALUE_MEMBERS[Number(answer.raw('sampleValType'))] ?? 'ullVal';
      const numbersAt = (path: string): readonly number[] =>
        items
          .map((item) => item.read(path))
          .filter((value) => !(value instanceof Missing))
          .map(Number);
      const values = numbersAt(`sampleValue.${member}`);
      return values.length === 0 ? Missing.of(nvml.NVML_ERROR_NOT_FOUND) : of(values, numbersAt('timeStamp'));
    }),
  });
  return {
    duration: over(seconds, (_, times) => (times.length === 0 ? 0 : Math.max(...times) - Math.min(...times))),
    count: over(count, (values) => values.length),
    max: over(as, (values) => Math.max(...values)),
    min: over(as, (values) => Math.min(...values)),
    average: over(as, (values) => Math.floor(values.reduce((sum, value) => sum + value, 0) / values.length)),
  };
}
