/** `gpm -g`: whether performance metrics are streamed. Two H200s, 580.159.04. */
import { type Cell, type Cells, cellText } from '../query/cell.js';

/** A GPU with its state of streaming. */
export interface StreamingGpu {
  readonly cells: Cells<'gpu'>;
  readonly state: Cell;
}

/** GPUs in the same state get one line; GPUs that differ have a line each. */
export function streamingText(gpus: readonly StreamingGpu[]): string {
  const lines = gpus.map(({ state }) => `GPM stream state: ${cellText(state)}\n`);
  if (lines.every((line) => line === lines[0])) return lines[0] ?? '';
  return gpus.map(({ cells }, i) => `GPU ${cellText(cells.gpu)}: ${lines[i] ?? ''}`).join('');
}

export const NO_GPM = 'No GPM capable devices found.';
