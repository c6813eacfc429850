/** `pci`: counters of a GPU, as nvidia-smi 580.159.04 prints them on the H100 and the H200. */
import { type Cell, cellText } from '../query/cell.js';
import { gpuHeading, type NamedGpu } from './gpu-heading.js';

export interface NamedCounter {
  readonly name: string;
  readonly cell: Cell;
}

const NAME_WIDTH = 25;

const counterLine = (name: string, value: string): string => `    ${`${name}:`.padEnd(NAME_WIDTH)}${value}\n`;

/** Lanes that are shown: the first 13, also of a link with 16 (H100, H200). */
const SHOWN_LANES = 13;

export function countersText(
  gpu: NamedGpu,
  counters: readonly NamedCounter[],
  lanes: readonly Cell[],
): string {
  const lines = counters.map(({ name, cell }) => counterLine(name, cellText(cell)));
  const ofLanes = lanes
    .slice(0, SHOWN_LANES)
    .map((lane, i) => `\t lane ${String(i).padStart(2)}: ${cellText(lane)}\n`);
  const head = lanes.length === 0 ? '' : counterLine('LANE_ERROR', '');
  return gpuHeading(gpu) + lines.join('') + head + ofLanes.join('');
}
