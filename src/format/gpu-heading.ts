/** The line that names a GPU above what is said about it, as -L, nvlink, pci and c2c print it. */
import { type Cells, cellText } from '../query/cell.js';

/** A GPU's record: who it is, and what else was asked about it. */
export type GpuCells = Cells<'gpu' | 'name' | 'uuid'> & Cells;

export const gpuHeading = ({ gpu, name, uuid }: Cells<'gpu' | 'name' | 'uuid'>): string =>
  `GPU ${cellText(gpu)}: ${cellText(name)} (UUID: ${cellText(uuid)})\n`;
