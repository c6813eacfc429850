/** `pci`: counters of a GPU, as nvidia-smi 580.159.04 prints them on the H100 and the H200. */
import { Missing } from '../nvml/status.js';
import { type Cell, type Cells, cellText } from '../query/cell.js';
import type { Field } from '../query/field.js';
import { type GpuCells, gpuHeading } from './gpu-heading.js';

const NAME_WIDTH = 25;

const counterLine = (name: string, value: string): string => `    ${`${name}:`.padEnd(NAME_WIDTH)}${value}\n`;

/** Lanes that are shown: the first 13, also of a link with 16 (H100, H200). */
const SHOWN_LANES = 13;

/** `failed` is what is printed for a counter that NVML does not report, instead of why. */
export function countersText(
  gpu: GpuCells,
  counters: readonly Field[],
  lanes: readonly Cells[],
  failed?: string,
): string {
  const text = (cell: Cell | undefined): string =>
    cell === undefined ? '' : cell.reading instanceof Missing ? (failed ?? cellText(cell)) : cellText(cell);
  const lines = counters.map((field) => counterLine(field.label ?? '', text(gpu[field.names[0]])));
  const ofLanes = lanes
    .slice(0, SHOWN_LANES)
    .map(({ errors }, i) => `\t lane ${String(i).padStart(2)}: ${text(errors)}\n`);
  const head = lanes.length === 0 ? '' : counterLine('LANE_ERROR', '');
  return gpuHeading(gpu) + lines.join('') + head + ofLanes.join('');
}
