/** Power smoothing, which keeps the draw of large clusters from swinging. No recorded GPU has it. */
import * as nvml from '../../nvml/generated/constants.js';
import { count, type Kind, milliseconds, number, yesNo } from '../kind.js';
import { field } from '../probe.js';
import { from, type Row } from '../row.js';

/** These fields hold whole watts, unlike the power readings. */
const wholeWatts = number('W');

const smoothing = (id: number, name: string, kind: Kind, fieldId: number, help: string): Row => ({
  id,
  names: [`power_smoothing.${name}`],
  help,
  kind,
  source: from(field(fieldId)),
});

export const powerSmoothing: readonly Row[] = [
  smoothing(
    1072,
    'delayed_power_smoothing_supported',
    yesNo,
    nvml.NVML_FI_PWR_SMOOTHING_DELAYED_PWR_SMOOTHING_SUPPORTED,
    'Whether the GPU can delay power smoothing.',
  ),
  smoothing(
    1073,
    'primary_power_floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_PRIMARY_POWER_FLOOR,
    'Draw that the GPU keeps up while its load pauses shortly.',
  ),
  smoothing(
    1074,
    'secondary_power_floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_SECONDARY_POWER_FLOOR,
    'Draw that the GPU keeps up when the pause is longer.',
  ),
  smoothing(
    1075,
    'min_primary_floor_activation_offset',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_MIN_PRIMARY_FLOOR_ACT_OFFSET,
    'Least distance between the primary floor and the draw that activates it.',
  ),
  smoothing(
    1076,
    'min_primary_floor_activation_point',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_MIN_PRIMARY_FLOOR_ACT_POINT,
    'Least draw at which the primary floor can become active.',
  ),
  smoothing(
    1077,
    'window_multiplier',
    milliseconds,
    nvml.NVML_FI_PWR_SMOOTHING_WINDOW_MULTIPLIER,
    'Length of the unit that the smoothing windows are counted in.',
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
    'Distance between the primary floor of the active profile and the draw that activates it.',
  ),
  smoothing(
    1082,
    'admin_override.secondary_power_floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_SECONDARY_POWER_FLOOR,
    'Secondary power floor that an administrator set over the profile.',
  ),
  smoothing(
    1083,
    'admin_override.primary_floor_act_window_multiplier',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_PRIMARY_FLOOR_ACT_WIN_MULT,
    'Activation window, in window units, that an administrator set over the profile.',
  ),
  smoothing(
    1084,
    'admin_override.primary_floor_tar_window_multiplier',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_PRIMARY_FLOOR_TAR_WIN_MULT,
    'Target window, in window units, that an administrator set over the profile.',
  ),
  smoothing(
    1085,
    'admin_override.primary_floor_act_offset',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_ADMIN_OVERRIDE_PRIMARY_FLOOR_ACT_OFFSET,
    'Activation distance that an administrator set over the profile.',
  ),
];
