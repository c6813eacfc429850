/** Processes in the summary. */

import type { Release } from '../../base/release.js';
import type { SummaryProcess } from '../../format/summary.js';
import { tableCell } from '../../format/summary-cells.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, statusWords } from '../../nvml/status.js';
import { type Asking, eachOf } from '../../query/ask/asking.js';
import { type Cells, cell, cellText } from '../../query/cell.js';
import type { Field } from '../../query/field.js';
import { identity } from '../../query/identity.js';
import { text } from '../../query/kind.js';
import { listedFields, processes } from '../../query/process/gpu-processes.js';
import type { Reading } from '../../query/reading.js';
import { recordCells } from '../../query/record-cells.js';

export type ProcessCells = Cells<
  'gpu' | 'gpu_instance_id' | 'compute_instance_id' | 'pid' | 'type' | 'process_name' | 'used_gpu_memory'
>;

/** What the summary shows of a process. */
export const processFields: readonly Field[] = Object.values(listedFields);

/** The processes of every GPU that can be asked. */
export const processCells = (gpus: readonly Gpu[]): Asking<readonly ProcessCells[]> =>
  eachOf(
    gpus.filter((gpu) => gpu.handle !== undefined),
    function* (gpu): Asking<readonly ProcessCells[]> {
      const records = yield* recordCells(processes, processFields, gpu);
      // processFields has all of them.
      return records.map(
        (record) => ({ gpu: cell(identity.gpu.kind, gpu.index), ...record }) as ProcessCells,
      );
    },
  );

/** A line of the table, or what it says of a GPU or MIG device whose processes cannot be listed. */
export function summaryProcess(cells: ProcessCells, release: Release): SummaryProcess | string {
  const { reading } = cells.pid;
  if (reading instanceof Missing) {
    const { gpu, gpu_instance_id: gi, compute_instance_id: ci } = cells;
    const isWhole = gi.reading instanceof Missing;
    const place = isWhole ? cellText(gpu) : `${cellText(gpu)} GI ${cellText(gi)} CI ${cellText(ci)}`;
    return `Unable to determine the processes of GPU ${place}: ${statusWords(reading.status)}`;
  }
  return {
    gpu: tableCell(cells.gpu),
    gi: tableCell(cells.gpu_instance_id),
    ci: tableCell(cells.compute_instance_id),
    pid: tableCell(cells.pid),
    type: tableCell(cells.type),
    name: label(cells.process_name.reading),
    memory: tableCell(cells.used_gpu_memory, 'MiB', release),
  };
}

/** A process that ended, or runs in another container, has no name to show. */
const label = (reading: Reading): string =>
  reading instanceof Missing ? `[${statusWords(reading.status)}]` : text.spell(reading);
