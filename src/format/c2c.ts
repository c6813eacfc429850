/** `c2c`: a line for each value of each link, as public outputs of GH200 and GB200 show it. */
import { type Cells, cellWithUnit } from '../query/cell.js';
import type { Field } from '../query/field.js';
import { isInactive, labelledCells, linkNumberOf } from './links.js';

export function c2cLinkText(fields: readonly Field[], record: Cells): string {
  const link = linkNumberOf(record);
  if (isInactive(record)) return `\t C2C Link ${link}: <inactive>\n`;
  return labelledCells(fields, record)
    .map(({ label, cell }) => {
      const value = cellWithUnit(cell);
      return `\t C2C Link ${link}: ${label === '' ? value : `${label}: ${value}`}\n`;
    })
    .join('');
}

export const NO_C2C = 'No Devices support C2C.';
