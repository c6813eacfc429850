/** Why the clocks of a GPU are lower than asked for, now and counted. Each reason has its older name, too. */
import { call, SUBJECT, u64 } from '../../nvml/call.js';
import * as nvml from '../../nvml/generated/constants.js';
import { derived } from '../derive.js';
import { active, hex, nanoseconds } from '../kind.js';
import { field, fixed, sample } from '../probe.js';
import { from, type Row } from '../row.js';

const supportedReasons = fixed(
  'supported clock event reasons',
  call('nvmlDeviceGetSupportedClocksEventReasons', SUBJECT, u64()),
  call('nvmlDeviceGetSupportedClocksThrottleReasons', SUBJECT, u64()),
);
const activeReasons = sample(
  'active clock event reasons',
  call('nvmlDeviceGetCurrentClocksEventReasons', SUBJECT, u64()),
  call('nvmlDeviceGetCurrentClocksThrottleReasons', SUBJECT, u64()),
);

const named = (name: string): Row['names'] => [
  `clocks_event_reasons.${name}`,
  `clocks_throttle_reasons.${name}`,
];

const reason = (id: number, name: string, bit: number, help: string): Row => ({
  id,
  names: named(name),
  help,
  kind: active,
  source: from(
    activeReasons,
    derived(['value'], (mask) => mask & bit),
  ),
});

export const clockEvents: readonly Row[] = [
  {
    id: 170,
    names: named('supported'),
    help: 'Bit mask of the clock event reasons that the GPU can report.',
    kind: hex(16),
    source: from(supportedReasons, 'value'),
  },
  {
    id: 171,
    names: named('active'),
    help: 'Bit mask of the reasons that hold the clocks down now.',
    kind: hex(16),
    source: from(activeReasons, 'value'),
  },
  reason(
    172,
    'gpu_idle',
    nvml.nvmlClocksEventReasonGpuIdle,
    'Nothing runs on the GPU, so its clocks are low.',
  ),
  reason(
    173,
    'applications_clocks_setting',
    nvml.nvmlClocksEventReasonApplicationsClocksSetting,
    'The clocks are limited by the applications clocks that were set.',
  ),
  reason(
    174,
    'sw_power_cap',
    nvml.nvmlClocksEventReasonSwPowerCap,
    'The driver lowers the clocks because the GPU draws as much power as its limit allows.',
  ),
  reason(
    175,
    'hw_slowdown',
    nvml.nvmlClocksThrottleReasonHwSlowdown,
    'The hardware cut the core clocks, for heat or for a signal of the power supply.',
  ),
  reason(
    176,
    'hw_thermal_slowdown',
    nvml.nvmlClocksThrottleReasonHwThermalSlowdown,
    'The hardware cut the core clocks because the GPU is too hot.',
  ),
  reason(
    177,
    'hw_power_brake_slowdown',
    nvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown,
    'The hardware cut the core clocks because the system asked for it, e.g. its power supply.',
  ),
  reason(
    178,
    'sw_thermal_slowdown',
    nvml.nvmlClocksEventReasonSwThermalSlowdown,
    'The driver lowers the clocks to stay below the highest operating temperature of GPU or memory.',
  ),
  reason(
    179,
    'sync_boost',
    nvml.nvmlClocksEventReasonSyncBoost,
    'The GPU waits for a slower one in the same sync boost group.',
  ),
];

const elapsed = (id: number, name: string, fieldId: number, help: string): Row => ({
  id,
  names: [`clocks_event_reasons_counters.${name}`],
  help,
  kind: nanoseconds,
  source: from(field(fieldId)),
});

export const clockEventCounters: readonly Row[] = [
  elapsed(
    1016,
    'sw_power_cap',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP,
    'For how long the driver lowered the clocks because of the power limit.',
  ),
  elapsed(
    1017,
    'sync_boost',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SYNC_BOOST,
    'For how long the clocks were held down by a sync boost group.',
  ),
  elapsed(
    1018,
    'sw_thermal_slowdown',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN,
    'For how long the driver lowered the clocks because of the temperature.',
  ),
  elapsed(
    1019,
    'hw_thermal_slowdown',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN,
    'For how long the hardware cut the clocks because of the temperature.',
  ),
  elapsed(
    1020,
    'hw_power_brake_slowdown',
    nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN,
    'For how long the hardware cut the clocks because of a power brake signal.',
  ),
];
