/** `c2c`: a line for each value of each link, as public outputs of GH200 and GB200 show it. */
import { cellWithUnit } from '../query/cell.js';
import { gpuHeading, type NamedGpu } from './gpu-heading.js';
import type { LabelledCell } from './nvlink.js';

export interface C2cValues {
  readonly link: number;
  readonly active: boolean;
  readonly cells: readonly LabelledCell[];
}

function linkLines({ link, active, cells }: C2cValues): string {
  if (!active) return `\t C2C Link ${link}: <inactive>\n`;
  return cells
    .map(({ label, cell }) => {
      const value = cellWithUnit(cell);
      return `\t C2C Link ${link}: ${label === '' ? value : `${label}: ${value}`}\n`;
    })
    .join('');
}

export const c2cText = (gpu: NamedGpu, links: readonly C2cValues[]): string =>
  gpuHeading(gpu) + links.map(linkLines).join('');

export const NO_C2C = 'No Devices support C2C.';
