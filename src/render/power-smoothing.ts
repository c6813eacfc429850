/** `power-smoothing -ppd`. Only the refusal was seen (H200, 580.159.04); the profiles are laid out as `-q` would. */
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { type Missing, statusWords } from '../nvml/status.js';
import { cellWithUnit } from '../query/cell.js';
import type { PresetProfile } from '../query/power-smoothing-profiles.js';

export const refusal = ({ status }: Missing): string =>
  status === NVML_ERROR_NOT_SUPPORTED
    ? 'Power Smoothing is not supported on this device.\n'
    : `Unable to get Power Smoothing information: ${statusWords(status)}\n`;

const LABEL_WIDTH = 42;

export function profileDefinitions(
  gpu: number,
  labels: readonly string[],
  profiles: readonly PresetProfile[],
): string {
  const lines = profiles.flatMap(({ id, parameters }) => [
    `    Preset Profile ${id}`,
    ...parameters.map(
      (value, i) => `        ${(labels[i] ?? '').padEnd(LABEL_WIDTH)} : ${cellWithUnit(value)}`,
    ),
  ]);
  return `${[`GPU ${gpu}`, ...lines].join('\n')}\n`;
}
