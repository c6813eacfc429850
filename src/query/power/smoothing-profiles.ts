/** Table: the preset profiles of power smoothing. The labels are those of `-q`'s power smoothing section. */
import { MOST_PRESET_PROFILES } from '../../nvml/counts.js';
import * as nvml from '../../nvml/generated/constants.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, ask, want } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { asks, type Field, item } from '../field.js';
import { count, type Kind, milliseconds, number } from '../kind.js';
import { field } from '../probe.js';
import type { Records, Relation } from '../relation.js';

const milliwattsPerSecond = number('mW/s');
const wholeWatts = number('W');

/** The profile is the scope of the field. */
const parameter = (name: string, label: string, kind: Kind, id: number): Field => ({
  names: [name],
  label,
  help: `${label} of the profile.`,
  kind,
  source: asks(({ profile }) => want(field(id, Number(profile)))),
});

const parameters: readonly Field[] = [
  parameter('tmp_floor', '% TMP Floor', number('%'), nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PERCENT_TMP_FLOOR),
  parameter(
    'ramp_up_rate',
    'Ramp Up Rate',
    milliwattsPerSecond,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_UP_RATE,
  ),
  parameter(
    'ramp_down_rate',
    'Ramp Down Rate',
    milliwattsPerSecond,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_DOWN_RATE,
  ),
  parameter(
    'ramp_down_hysteresis',
    'Ramp Down Hysteresis Value',
    milliseconds,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_DOWN_HYST_VAL,
  ),
  parameter(
    'secondary_power_floor',
    'Secondary Power Floor',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_SECONDARY_POWER_FLOOR,
  ),
  parameter(
    'primary_floor_activation_window_multiplier',
    'Primary Floor Activation Window Multiplier',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_ACT_WIN_MULT,
  ),
  parameter(
    'primary_floor_target_window_multiplier',
    'Primary Floor Target Window Multiplier',
    count,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_TAR_WIN_MULT,
  ),
  parameter(
    'primary_floor_activation_offset',
    'Primary Floor Activation Offset',
    wholeWatts,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_ACT_OFFSET,
  ),
];

/** NVML_POWER_SMOOTHING_MAX_NUM_PROFILES is 5. */
const MOST_PROFILES = 64;

const profileCount = field(nvml.NVML_FI_PWR_SMOOTHING_MAX_NUM_PRESET_PROFILES);

/** Where NVML does not count them, the GPU has no power smoothing. */
function* find(gpu: Subject): Asking<Records> {
  const profiles = (yield* ask(profileCount, gpu)).read('value');
  if (profiles instanceof Missing) return profiles;
  if (Number(profiles) > MOST_PRESET_PROFILES) return Missing.of(nvml.NVML_ERROR_UNKNOWN);
  const length = Math.min(Number(profiles), MOST_PROFILES);
  return Array.from({ length }, (_, profile) => ({ values: { profile } }));
}

export const presetProfiles: Relation = {
  name: 'preset_profiles',
  record: 'a preset profile of power smoothing',
  fields: [
    { names: ['profile'], help: 'Number of the profile.', kind: count, source: item('profile') },
    ...parameters,
  ],
  find,
};
