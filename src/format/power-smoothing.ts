/** `power-smoothing -ppd`. Only the refusal was seen (H200, 580.159.04); the profiles are laid out as `-q` would. */
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { type Missing, statusWords } from '../nvml/status.js';
import { type Cells, cellText, cellWithUnit } from '../query/cell.js';
import type { Field } from '../query/field.js';

export const refusal = ({ status }: Missing): string =>
  status === NVML_ERROR_NOT_SUPPORTED
    ? 'Power Smoothing is not supported on this device.\n'
    : `Unable to get Power Smoothing information: ${statusWords(status)}\n`;

const LABEL_WIDTH = 42;

export function profileDefinitions(
  gpu: number,
  fields: readonly Field[],
  profiles: readonly Cells[],
): string {
  const lines = profiles.flatMap((record) =>
    fields.flatMap((field) => {
      const cell = record[field.names[0]];
      if (cell === undefined) return [];
      if ('item' in field.source) return [`    Preset Profile ${cellText(cell)}`];
      return [`        ${(field.label ?? '').padEnd(LABEL_WIDTH)} : ${cellWithUnit(cell)}`];
    }),
  );
  return `${[`GPU ${gpu}`, ...lines].join('\n')}\n`;
}
