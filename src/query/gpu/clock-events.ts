/** Why the clocks of a GPU are lower than asked for, now and counted. Each reason has its older name, too. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetCurrentClocksEventReasons,
  nvmlDeviceGetSupportedClocksEventReasons,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { COUNTER, from, type Row } from '../field.js';
import { active, hex, isAllOnes, nanoseconds } from '../kind.js';
import { field, fixed, sample } from '../probe.js';
import type { Pick as Path } from '../reading.js';

const supportedReasons = fixed(nvmlDeviceGetSupportedClocksEventReasons);
const activeReasons = sample(nvmlDeviceGetCurrentClocksEventReasons);

/** The older name was the only one before 535. */
const named = (name: string): Pick<Row, 'names' | 'past'> => ({
  names: [`clocks_event_reasons.${name}`, `clocks_throttle_reasons.${name}`],
  past: [{ until: 535, names: [`clocks_throttle_reasons.${name}`] }],
});

/** Picks a bit of the mask. nvidia-smi shows each of a mask of all ones; that it is no mask is left to the kind. */
export const reasonBit =
  (bit: number): Path =>
  (view) => {
    const mask = view.raw('value');
    return mask instanceof Missing || isAllOnes(mask) ? mask : Number(BigInt(mask) & BigInt(bit));
  };

const reason = (id: number, name: string, bit: number, help: string): Row => ({
  id,
  ...named(name),
  help,
  kind: active,
  source: from(activeReasons, reasonBit(bit)),
});

export const clockEvents: readonly Row[] = [
  {
    id: 170,
    ...named('supported'),
    help: 'Bit mask of the clock event reasons that the GPU can report.',
    kind: hex(16),
    source: from(supportedReasons, 'value'),
  },
  {
    id: 171,
    ...named('active'),
    help: 'Bit mask of the active clock event reasons.',
    kind: hex(16),
    source: from(activeReasons, 'value'),
  },
  reason(172, 'gpu_idle', nvml.nvmlClocksEventReasonGpuIdle, 'The clocks are low because the GPU is idle.'),
  reason(
    173,
    'applications_clocks_setting',
    nvml.nvmlClocksEventReasonApplicationsClocksSetting,
    'The applications clocks limit the clocks.',
  ),
  reason(
    174,
    'sw_power_cap',
    nvml.nvmlClocksEventReasonSwPowerCap,
    'The driver reduces the clocks because the power draw is at the power limit.',
  ),
  reason(
    175,
    'hw_slowdown',
    nvml.nvmlClocksThrottleReasonHwSlowdown,
    'The hardware reduces the core clocks, for temperature or on a signal of the power supply.',
  ),
  reason(
    176,
    'hw_thermal_slowdown',
    nvml.nvmlClocksThrottleReasonHwThermalSlowdown,
    'The hardware reduces the core clocks because the GPU is too hot.',
  ),
  reason(
    177,
    'hw_power_brake_slowdown',
    nvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown,
    'The hardware reduces the core clocks on an external power brake signal, e.g. of the power supply.',
  ),
  reason(
    178,
    'sw_thermal_slowdown',
    nvml.nvmlClocksEventReasonSwThermalSlowdown,
    'The driver reduces the clocks to stay below the maximum operating temperature of GPU or memory.',
  ),
  reason(
    179,
    'sync_boost',
    nvml.nvmlClocksEventReasonSyncBoost,
    'A slower GPU of the same sync boost group limits the clocks.',
  ),
];

const elapsed = (id: number, name: string, fieldId: number, help: string): Row => ({
  id,
  names: [`clocks_event_reasons_counters.${name}`],
  since: 580,
  help,
  kind: nanoseconds,
  metric: COUNTER,
  source: from(field(fieldId)),
});

export const clockEventCounters: readonly Row[] = [
  elapsed(
    1016,
    'sw_power_cap',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP,
    'Time that the driver reduced the clocks because of the power limit.',
  ),
  elapsed(
    1017,
    'sync_boost',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SYNC_BOOST,
    'Time that a sync boost group limited the clocks.',
  ),
  elapsed(
    1018,
    'sw_thermal_slowdown',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN,
    'Time that the driver reduced the clocks because of the temperature.',
  ),
  elapsed(
    1019,
    'hw_thermal_slowdown',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN,
    'Time that the hardware reduced the clocks because of the temperature.',
  ),
  elapsed(
    1020,
    'hw_power_brake_slowdown',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN,
    'Time that the hardware reduced the clocks because of a power brake signal.',
  ),
];
