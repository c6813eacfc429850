/** What `conf-compute` prints: a line for one getter, a log for all. H100 and H200, 580.159.04. */
import { type Cell, type Cells, cellText, cellWithUnit } from '../query/cell.js';
import type { GpuCells } from './gpu-heading.js';

/** `-f`, `-gc` and their kind: a label, a colon, the value. */
export const line = (label: string, value: Cell): string => `${label}: ${cellText(value)}\n`;

/** `-grs` and `-gkr` are printed between blank lines. */
export const spacedLine = (label: string, value: Cell): string => `\n${line(label, value)}\n`;

const LABEL_WIDTH = 27;

/** `-q`: a heading, then labelled values. */
export function log(rows: readonly (readonly [label: string, value: Cell])[]): string {
  const lines = rows.map(([label, value]) => `    ${label.padEnd(LABEL_WIDTH)}: ${cellText(value)}`);
  return `\n==============NVSMI CONF-COMPUTE LOG==============\n\n${lines.join('\n')}\n\n`;
}

/** `-gm`: a GPU's line as `-L` prints it, then both sizes. */
export type Memory = GpuCells & Cells<'conf_compute.protected_memory' | 'conf_compute.unprotected_memory'>;

export function memory(gpu: Memory): string {
  return [
    `GPU ${cellText(gpu.gpu)}: ${cellText(gpu.name)} (UUID: ${cellText(gpu.uuid)})`,
    `Protected memory size:   ${cellWithUnit(gpu['conf_compute.protected_memory'])}`,
    `Unprotected memory size: ${cellWithUnit(gpu['conf_compute.unprotected_memory'])}`,
    '',
  ].join('\n');
}
