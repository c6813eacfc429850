/** Table: the parameters of the preset profiles of power smoothing (580's help; the words are ours, as no output was seen). */
import { decimal } from '../base/period.js';
import * as nvml from '../nvml/generated/constants.js';
import { nvmlDevicePowerSmoothingUpdatePresetProfileParam } from '../nvml/generated/entries.js';
import { Missing } from '../nvml/status.js';
import { want } from '../query/ask/asking.js';
import { field } from '../query/probe.js';
import type { Attempt } from './acting.js';
import { type ActionVerdict, failed, ready, type Target, unsupported } from './action.js';
import { valuesNow } from './ask.js';
import { change } from './change.js';
import { verdictOf } from './words.js';

export interface PresetParameter {
  readonly short: string;
  readonly long: string;
  readonly what: string;
  readonly unit: string;
  /** NVML_POWER_SMOOTHING_PROFILE_PARAM_* */
  readonly paramId: number;
  /** How many of the unit make one of NVML's: watts there, where the option has milliwatts. */
  readonly per?: number;
}

export const PRESET_PARAMETERS = [
  {
    short: 'ptf',
    long: 'percent-tmp-floor',
    what: 'percent TMP floor',
    unit: '%',
    paramId: nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_PERCENT_TMP_FLOOR,
  },
  {
    short: 'rur',
    long: 'ramp-up-rate',
    what: 'ramp up rate',
    unit: 'mW/s',
    paramId: nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_RAMP_UP_RATE,
  },
  {
    short: 'rdr',
    long: 'ramp-down-rate',
    what: 'ramp down rate',
    unit: 'mW/s',
    paramId: nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_RAMP_DOWN_RATE,
  },
  {
    short: 'rdh',
    long: 'ramp-down-hysteresis',
    what: 'ramp down hysteresis',
    unit: 'ms',
    paramId: nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_RAMP_DOWN_HYSTERESIS,
  },
  {
    short: 'spf',
    long: 'secondary-power-floor',
    what: 'secondary power floor',
    unit: 'mW',
    paramId: nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_SECONDARY_POWER_FLOOR,
    per: 1000,
  },
  {
    short: 'pfawm',
    long: 'primary-floor-act-win-mult',
    what: 'primary floor activation window multiplier',
    unit: '',
    paramId: nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_PRIMARY_FLOOR_ACT_WIN_MULT,
  },
  {
    short: 'pftwm',
    long: 'primary-floor-tar-win-mult',
    what: 'primary floor target window multiplier',
    unit: '',
    paramId: nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_PRIMARY_FLOOR_TAR_WIN_MULT,
  },
  {
    short: 'pfao',
    long: 'primary-floor-act-offset',
    what: 'primary floor activation offset',
    unit: 'mW',
    paramId: nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_PRIMARY_FLOOR_ACT_OFFSET,
    per: 1000,
  },
] as const satisfies readonly PresetParameter[];

const isFloor = ({ paramId }: PresetParameter): boolean =>
  paramId === nvml.NVML_POWER_SMOOTHING_PROFILE_PARAM_PERCENT_TMP_FLOOR;

/** The value of an option: a percentage with two decimals at the most, or a whole number. Undefined for what is none. */
export function parameterValue(parameter: PresetParameter, text: string): number | undefined {
  const form = isFloor(parameter) ? /^\d{1,3}(?:\.\d{1,2})?$/ : /^\d{1,15}$/;
  return form.test(text) ? decimal(text) : undefined;
}

const LIMITS = [
  nvml.NVML_FI_PWR_SMOOTHING_MAX_NUM_PRESET_PROFILES,
  nvml.NVML_FI_PWR_SMOOTHING_MIN_PERCENT_TMP_FLOOR_SETTING,
  nvml.NVML_FI_PWR_SMOOTHING_MAX_PERCENT_TMP_FLOOR_SETTING,
].map((id) => want(field(id)));

const invalid = (line: string): ActionVerdict => failed(nvml.NVML_ERROR_INVALID_ARGUMENT, line);

/** Refuses a profile that the GPU does not have, and a floor outside of its range. */
function checked(
  { asker, gpu, busId }: Target,
  profile: number,
  parameter: PresetParameter,
  value: number,
): ActionVerdict {
  const [profiles, least, most] = valuesNow(asker, gpu, LIMITS);
  if (profiles === undefined || profiles instanceof Missing) {
    return unsupported(nvml.NVML_ERROR_NOT_SUPPORTED, 'Power Smoothing is not supported on this device.');
  }
  if (profile >= Number(profiles)) {
    return invalid(
      `GPU ${busId} has no power smoothing profile ${profile}; it has ${Number(profiles)}, from 0 on.`,
    );
  }
  if (!isFloor(parameter)) return ready;
  const low = least === undefined || least instanceof Missing ? 0 : Number(least);
  const high = most === undefined || most instanceof Missing ? 100 : Number(most);
  return value >= low && value <= high
    ? ready
    : invalid(`The ${parameter.what} should be between ${low} and ${high} % for GPU ${busId}, not ${value}.`);
}

export function updatePreset(
  target: Target,
  profile: number,
  parameter: PresetParameter,
  value: number,
): Attempt {
  const { long, what, unit, paramId, per = 1 } = parameter;
  const of = `the ${what} of power smoothing profile ${profile}`;
  const amount = unit === '' ? value : `${value} ${unit}`;
  return {
    action: long,
    value,
    target,
    part: { profile },
    needs: ['root'],
    check: () => checked(target, profile, parameter, value),
    make() {
      const inputs = { profileId: profile, paramId, value: value / per };
      const entry = nvmlDevicePowerSmoothingUpdatePresetProfileParam;
      return verdictOf(change(target.asker, entry, inputs, target.gpu).status, {
        done: `Set ${of} to ${amount} for GPU ${target.busId}.`,
        failed: `Unable to set ${of} for GPU ${target.busId}`,
      });
    },
  };
}
