/** What only the report tells about memory errors and temperatures. */
import { call, SUBJECT, struct, u32, u64 } from '../../nvml/call.js';
import * as nvml from '../../nvml/generated/constants.js';
import { nvmlRepairStatus_v1_t, nvmlUnrepairableMemoryStatus_v1_t } from '../../nvml/generated/layouts.js';
import { celsius, count, number, yesNo } from '../kind.js';
import { field, fixed, sample } from '../probe.js';
import { type AskedField, type Field, reading, rowAs } from './field.js';

const repairs = sample(
  'repair status',
  call(
    'nvmlDeviceGetRepairStatus',
    SUBJECT,
    struct(nvmlRepairStatus_v1_t, { version: nvml.nvmlRepairStatus_v1 }),
  ),
);
export const channelRepairPending = reading(yesNo, repairs, 'bChannelRepairPending');
export const tpcRepairPending = reading(yesNo, repairs, 'bTpcRepairPending');
export const unrepairableMemory = reading(
  yesNo,
  sample(
    'unrepairable memory',
    call('nvmlDeviceGetUnrepairableMemoryFlag_v1', SUBJECT, struct(nvmlUnrepairableMemoryStatus_v1_t)),
  ),
  'bUnrepairableMemory',
);

/** Shared memory of texture units, which only GPUs before Turing count apart. */
export const textureSharedErrors = (severity: number, span: number): Field =>
  reading(
    count,
    sample(
      `ECC texture shared ${severity} ${span}`,
      call(
        'nvmlDeviceGetMemoryErrorCounter',
        SUBJECT,
        severity,
        span,
        nvml.NVML_MEMORY_LOCATION_TEXTURE_SHM,
        u64(),
      ),
    ),
  );

const banks = number('bank(s)');
export const bankHistogram = (share: string): Field => rowAs(`remapped_rows.histogram.${share}`, banks);

const threshold = (type: number, make: typeof fixed = fixed): Field =>
  reading(
    celsius,
    make(`temperature threshold ${type}`, call('nvmlDeviceGetTemperatureThreshold', SUBJECT, type, u32())),
  );
export const shutdownTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_SHUTDOWN);
export const slowdownTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN);
export const memoryMaxTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_MEM_MAX);
export const gpuMaxTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_GPU_MAX);
/** What the fan control aims at; -gtt sets it. */
export const targetTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_CURR, sample);
export const targetTemperatureMin = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MIN);
export const targetTemperatureMax = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MAX);

/** How far a threshold lies beyond the limit that T.Limit counts down to, below zero; Ada and later. */
const tLimit = (id: number): AskedField => reading(celsius, field(id, 0, 'static'));
export const shutdownTLimit = tLimit(nvml.NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT);
export const slowdownTLimit = tLimit(nvml.NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT);
export const memoryMaxTLimit = tLimit(nvml.NVML_FI_DEV_TEMPERATURE_MEM_MAX_TLIMIT);
export const gpuMaxTLimit = tLimit(nvml.NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT);
