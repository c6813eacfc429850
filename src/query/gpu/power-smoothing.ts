/** Power smoothing, which keeps the draw of large clusters from swinging. No recorded GPU has it. */

import type { Span } from '../../base/release.js';
import * as nvml from '../../nvml/generated/constants.js';
import { from, type Row } from '../field.js';
import { count, enabled, type Kind, measured, milliseconds, percent, watts, yesNo } from '../kind.js';
import { field } from '../probe.js';

/** These fields hold whole watts, unlike the power readings. */
const wholeWatts = measured('W', { unit: 'watts' });

/** NVML has milliwatts per second; the header of 610 says W/s. */
const rate: Kind = {
  unit: 'W/s',
  spell: watts.spell,
  json: watts.json,
  metric: { unit: '', per: 1000 },
};

/** Fields that 610 was the first to list. */
const LATER: Span = { since: 610 };

/** Those of driver 580, which 595 did not have. */
const smoothing = (
  id: number,
  name: string,
  kind: Kind,
  fieldId: number,
  help: string,
  span: Span = { since: 580, gap: [595, 610] },
): Row => ({
  id,
  names: [`power_smoothing.${name}`],
  ...span,
  help,
  kind,
  source: from(field(fieldId)),
});

export const powerSmoothing: readonly Row[] = [
  smoothing(
    1115,
    'tmp_floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_APPLIED_TMP_FLOOR,
    'Current power floor.',
    LATER,
  ),
  smoothing(
    1116,
    'tmp_ceil',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_APPLIED_TMP_CEIL,
    'Current power ceiling.',
    LATER,
  ),
  smoothing(
    1117,
    'hw_lifetime_remaining_percent',
    percent,
    nvml.NVML_FI_PWR_SMOOTHING_HW_CIRCUITRY_PERCENT_LIFETIME_REMAINING,
    'Remaining lifetime of the circuits that draw the power of the floor.',
    LATER,
  ),
  smoothing(
    1118,
    'enabled',
    enabled,
    nvml.NVML_FI_PWR_SMOOTHING_ENABLED,
    'Whether power smoothing is enabled.',
    LATER,
  ),
  smoothing(
    1072,
    'delayed_power_smoothing_supported',
    yesNo,
    nvml.NVML_FI_PWR_SMOOTHING_DELAYED_PWR_SMOOTHING_SUPPORTED,
    'Whether delayed power smoothing is supported.',
  ),
  smoothing(
    1119,
    'soc_power_smoothing_enabled',
    enabled,
    nvml.NVML_FI_PWR_SMOOTHING_SOC_POWER_SMOOTHING_ENABLED,
    'Whether the power of the whole module is smoothed.',
    LATER,
  ),
  smoothing(
    1120,
    'priv_level',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_PRIV_LVL,
    'Privilege level of the caller.',
    LATER,
  ),
  smoothing(
    1121,
    'imm_ramp_down',
    enabled,
    nvml.NVML_FI_PWR_SMOOTHING_IMM_RAMP_DOWN_ENABLED,
    'Whether the draw may drop at once instead of ramping down.',
    LATER,
  ),
  smoothing(
    1122,
    'max_percent_tmp_floor',
    percent,
    nvml.NVML_FI_PWR_SMOOTHING_MAX_PERCENT_TMP_FLOOR_SETTING,
    'Highest floor that can be set, in percent of the power ceiling.',
    LATER,
  ),
  smoothing(
    1123,
    'min_percent_tmp_floor',
    percent,
    nvml.NVML_FI_PWR_SMOOTHING_MIN_PERCENT_TMP_FLOOR_SETTING,
    'Lowest floor that can be set, in percent of the power ceiling.',
    LATER,
  ),
  smoothing(
    1073,
    'primary_power_floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_PRIMARY_POWER_FLOOR,
    'Power draw that the GPU maintains during short pauses of its load.',
  ),
  smoothing(
    1074,
    'secondary_power_floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_SECONDARY_POWER_FLOOR,
    'Power draw that the GPU maintains during longer pauses of its load.',
  ),
  smoothing(
    1075,
    'min_primary_floor_activation_offset',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_MIN_PRIMARY_FLOOR_ACT_OFFSET,
    'Minimum activation offset above the primary power floor.',
  ),
  smoothing(
    1076,
    'min_primary_floor_activation_point',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_MIN_PRIMARY_FLOOR_ACT_POINT,
    'Minimum power draw that activates the primary floor.',
  ),
  smoothing(
    1077,
    'window_multiplier',
    milliseconds,
    nvml.NVML_FI_PWR_SMOOTHING_WINDOW_MULTIPLIER,
    'Unit of the power smoothing window lengths.',
  ),
  smoothing(
    1124,
    'num_preset_profiles',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_MAX_NUM_PRESET_PROFILES,
    'Number of preset profiles.',
    LATER,
  ),
  smoothing(
    1125,
    'curr_profile.percent_tmp_floor',
    percent,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PERCENT_TMP_FLOOR,
    'Active profile: the floor, in percent of the power ceiling.',
    LATER,
  ),
  smoothing(
    1126,
    'curr_profile.ramp_up_rate',
    rate,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_UP_RATE,
    'Active profile: the rate at which the draw rises.',
    LATER,
  ),
  smoothing(
    1127,
    'curr_profile.ramp_down_rate',
    rate,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_DOWN_RATE,
    'Active profile: the rate at which the draw falls.',
    LATER,
  ),
  smoothing(
    1128,
    'curr_profile.ramp_down_hysteresis',
    milliseconds,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_DOWN_HYST_VAL,
    'Active profile: the time that the draw is held before it falls.',
    LATER,
  ),
  smoothing(
    1078,
    'curr_profile.secondary_power_floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_SECONDARY_POWER_FLOOR,
    'Secondary power floor of the active profile.',
  ),
  smoothing(
    1079,
    'curr_profile.primary_floor_act_window_multiplier',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_ACT_WIN_MULT,
    'Length of the activation window of the active profile, in window units.',
  ),
  smoothing(
    1080,
    'curr_profile.primary_floor_tar_window_multiplier',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_TAR_WIN_MULT,
    'Length of the target window of the active profile, in window units.',
  ),
  smoothing(
    1081,
    'curr_profile.primary_floor_act_offset',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_ACT_OFFSET,
    'Activation offset of the primary floor of the active profile.',
  ),
  smoothing(
    1129,
    'active_profile',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_ACTIVE_PRESET_PROFILE,
    'Number of the active preset profile.',
    LATER,
  ),
  smoothing(
    1130,
    'admin_override.percent_tmp_floor',
    percent,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_PERCENT_TMP_FLOOR,
    'Administrator override of the floor, in percent of the power ceiling.',
    LATER,
  ),
  smoothing(
    1131,
    'admin_override.ramp_up_rate',
    rate,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_RAMP_UP_RATE,
    'Administrator override of the rate at which the draw rises.',
    LATER,
  ),
  smoothing(
    1132,
    'admin_override.ramp_down_rate',
    rate,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_RAMP_DOWN_RATE,
    'Administrator override of the rate at which the draw falls.',
    LATER,
  ),
  smoothing(
    1133,
    'admin_override.ramp_down_hysteresis',
    milliseconds,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_RAMP_DOWN_HYST_VAL,
    'Administrator override of the time that the draw is held before it falls.',
    LATER,
  ),
  smoothing(
    1082,
    'admin_override.secondary_power_floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_SECONDARY_POWER_FLOOR,
    'Administrator override of the secondary power floor.',
  ),
  smoothing(
    1083,
    'admin_override.primary_floor_act_window_multiplier',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_PRIMARY_FLOOR_ACT_WIN_MULT,
    'Administrator override of the activation window, in window units.',
  ),
  smoothing(
    1084,
    'admin_override.primary_floor_tar_window_multiplier',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_PRIMARY_FLOOR_TAR_WIN_MULT,
    'Administrator override of the target window, in window units.',
  ),
  smoothing(
    1085,
    'admin_override.primary_floor_act_offset',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_PRIMARY_FLOOR_ACT_OFFSET,
    'Administrator override of the activation offset.',
  ),
];
