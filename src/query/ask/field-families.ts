/**
 * Field ids that may share one nvmlDeviceGetFieldValues. In a call with ids of several kinds the driver leaves
 * some untouched and says success: power limits, thermal limits and power smoothing came back as zeros from a
 * call of 64 (H100 and H200, driver 580.159.04), and right from calls of their own kind. Ids that are in no
 * family are asked alone.
 */
import * as nvml from '../../nvml/generated/constants.js';

const FAMILIES: readonly (readonly number[])[] = [
  [nvml.NVML_FI_DEV_POWER_AVERAGE, nvml.NVML_FI_DEV_POWER_INSTANT],
  [
    nvml.NVML_FI_DEV_POWER_MIN_LIMIT,
    nvml.NVML_FI_DEV_POWER_MAX_LIMIT,
    nvml.NVML_FI_DEV_POWER_DEFAULT_LIMIT,
    nvml.NVML_FI_DEV_POWER_CURRENT_LIMIT,
    nvml.NVML_FI_DEV_POWER_REQUESTED_LIMIT,
  ],
  [
    nvml.NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT,
    nvml.NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT,
    nvml.NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT,
  ],
];

const FAMILY_OF: ReadonlyMap<number, number> = new Map(
  FAMILIES.flatMap((ids, family) => ids.map((id) => [id, family] as const)),
);

/** A name for the call that an id goes into; ids of one name may share it. */
export function fieldFamily(id: number, scope: number): string {
  const family = FAMILY_OF.get(id);
  return family === undefined ? `${id}:${scope}` : `family ${family}:${scope}`;
}
