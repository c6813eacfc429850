/** Power smoothing, which keeps the draw of large clusters from swinging. No recorded GPU has it. */
import * as nvml from '../../nvml/generated/constants.js';
import { from, type Row } from '../field.js';
import { count, type Kind, milliseconds, number, yesNo } from '../kind.js';
import { field } from '../probe.js';

/** These fields hold whole watts, unlike the power readings. */
const wholeWatts = number('W', { unit: 'watts' });

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
    'Whether delayed power smoothing is supported.',
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
    'Unit of the lengths of the power smoothing windows.',
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
