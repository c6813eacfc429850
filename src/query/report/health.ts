/** What only the report shows of memory errors and temperatures. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetMemoryErrorCounter,
  nvmlDeviceGetRepairStatus,
  nvmlDeviceGetTemperatureThreshold,
  nvmlDeviceGetUnrepairableMemoryFlag_v1,
} from '../../nvml/generated/entries.js';
import type { EccSpan } from '../gpu/ecc.js';
import { celsius, celsiusMargin, count, number, yesNo } from '../kind.js';
import { field, fixed, sample } from '../probe.js';
import { type ProbeField, probeOf, type ReportField, reading, rowAs } from './field.js';

const repairs = sample(nvmlDeviceGetRepairStatus);
export const channelRepairPending = reading(yesNo, repairs, 'bChannelRepairPending');
export const tpcRepairPending = reading(yesNo, repairs, 'bTpcRepairPending');
export const unrepairableMemory = reading(
  yesNo,
  sample(nvmlDeviceGetUnrepairableMemoryFlag_v1),
  'bUnrepairableMemory',
);

/** Shared memory of texture units, which only GPUs before Turing count apart. */
export const textureSharedErrors = (severity: number, span: number): ReportField =>
  reading(
    count,
    sample(nvmlDeviceGetMemoryErrorCounter, {
      errorType: severity,
      counterType: span,
      locationType: nvml.NVML_MEMORY_LOCATION_TEXTURE_SHM,
    }),
  );

const banks = number('bank(s)');
export const bankHistogram = (share: string): ReportField => rowAs(`remapped_rows.histogram.${share}`, banks);

/** Counted with the uncorrected ones of the same struct (550.163.01 on the fake); CSV has the counter of the location. */
export const sramCorrected = (span: EccSpan): ReportField =>
  reading(count, probeOf(`ecc.errors.uncorrected.${span}.sram.parity`), `${span}Cor`);

const threshold = (type: number, make: typeof fixed = fixed): ReportField =>
  reading(celsius, make(nvmlDeviceGetTemperatureThreshold, { thresholdType: type }));
export const shutdownTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_SHUTDOWN);
export const slowdownTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN);
export const memoryMaxTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_MEM_MAX);
export const gpuMaxTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_GPU_MAX);
/** What the fan control aims at; -gtt sets it. */
export const targetTemperature = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_CURR, sample);
export const targetTemperatureMin = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MIN);
export const targetTemperatureMax = threshold(nvml.NVML_TEMPERATURE_THRESHOLD_ACOUSTIC_MAX);

/** How far a threshold lies beyond the limit that T.Limit counts down to, below zero; Ada and later. */
const tLimit = (id: number): ProbeField => reading(celsiusMargin, field(id, 0, 'static'));
export const shutdownTLimit = tLimit(nvml.NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT);
export const slowdownTLimit = tLimit(nvml.NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT);
export const memoryMaxTLimit = tLimit(nvml.NVML_FI_DEV_TEMPERATURE_MEM_MAX_TLIMIT);
export const gpuMaxTLimit = tLimit(nvml.NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT);
