/** The preset profiles of power smoothing, field by field. */
import { MOST_PRESET_PROFILES } from '../nvml/counts.js';
import * as nvml from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import { type Asking, read, readOne, together, want } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { type Cell, cell } from './cell.js';
import { count, type Kind, milliseconds, number, percent } from './kind.js';
import { field } from './probe.js';

const milliwattsPerSecond = number('mW/s');
const wholeWatts = number('W');

/** A parameter of a profile. The labels are those of `-q`'s power smoothing section. */
export const PARAMETERS: readonly {
  readonly name: string;
  readonly label: string;
  readonly kind: Kind;
  readonly fieldId: number;
}[] = [
  {
    name: 'tmp_floor_percent',
    label: '% TMP Floor',
    kind: percent,
    fieldId: nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PERCENT_TMP_FLOOR,
  },
  {
    name: 'ramp_up_rate_milliwatts_per_second',
    label: 'Ramp Up Rate',
    kind: milliwattsPerSecond,
    fieldId: nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_UP_RATE,
  },
  {
    name: 'ramp_down_rate_milliwatts_per_second',
    label: 'Ramp Down Rate',
    kind: milliwattsPerSecond,
    fieldId: nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_DOWN_RATE,
  },
  {
    name: 'ramp_down_hysteresis_ms',
    label: 'Ramp Down Hysteresis Value',
    kind: milliseconds,
    fieldId: nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_DOWN_HYST_VAL,
  },
  {
    name: 'secondary_power_floor_watts',
    label: 'Secondary Power Floor',
    kind: wholeWatts,
    fieldId: nvml.NVML_FI_PWR_SMOOTHING_PROFILE_SECONDARY_POWER_FLOOR,
  },
  {
    name: 'primary_floor_activation_window_multiplier',
    label: 'Primary Floor Activation Window Multiplier',
    kind: count,
    fieldId: nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_ACT_WIN_MULT,
  },
  {
    name: 'primary_floor_target_window_multiplier',
    label: 'Primary Floor Target Window Multiplier',
    kind: count,
    fieldId: nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_TAR_WIN_MULT,
  },
  {
    name: 'primary_floor_activation_offset_watts',
    label: 'Primary Floor Activation Offset',
    kind: wholeWatts,
    fieldId: nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_ACT_OFFSET,
  },
];

export interface PresetProfile {
  readonly id: number;
  readonly parameters: readonly Cell[];
}

/** NVML_POWER_SMOOTHING_MAX_NUM_PROFILES is 5. */
const MOST_PROFILES = 64;

/** A GPU's preset profiles, or why it has none. Where NVML does not count them, the GPU has no power smoothing. */
export function* presetProfiles(gpu: Subject): Asking<readonly PresetProfile[] | Missing> {
  const counting = field(nvml.NVML_FI_PWR_SMOOTHING_MAX_NUM_PRESET_PROFILES);
  const profiles = yield* readOne(counting, gpu);
  if (profiles instanceof Missing) return profiles;
  if (Number(profiles) > MOST_PRESET_PROFILES) return Missing.of(nvml.NVML_ERROR_UNKNOWN);
  return yield* together(
    Array.from({ length: Math.min(Number(profiles), MOST_PROFILES) }, (_, id) => presetProfile(id, gpu)),
  );
}

function* presetProfile(id: number, gpu: Subject): Asking<PresetProfile> {
  const readings = yield* read(
    PARAMETERS.map(({ fieldId }) => want(field(fieldId, id))),
    gpu,
  );
  return { id, parameters: readings.map((reading, i) => cell(PARAMETERS[i]?.kind ?? count, reading)) };
}
