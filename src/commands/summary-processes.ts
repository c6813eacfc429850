/** Processes in the summary. */

import type { Release } from '../base/release.js';
import type { SummaryProcess } from '../format/summary.js';
import { tableCell } from '../format/summary-cells.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusWords } from '../nvml/status.js';
import { type Asking, eachOf } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { count, mebibytesOfProcess, processId, text } from '../query/kind.js';
import { namesOf, processesOf } from '../query/processes.js';
import type { Reading } from '../query/reading.js';
import { type InstanceIds, instanceIds, type MigSubject } from './summary-mig.js';

export type ProcessCells = InstanceIds & Cells<'gpu' | 'pid' | 'type' | 'process_name' | 'used_gpu_memory'>;

const WHOLE_GPU: InstanceIds = {
  gpu_instance_id: cell(count, NOT_SUPPORTED),
  compute_instance_id: cell(count, NOT_SUPPORTED),
};

/** Processes of every GPU, by their JSON names; where MIG divides one, those of its MIG devices. */
export const processCells = (
  gpus: readonly Gpu[],
  migs: readonly MigSubject[],
): Asking<readonly ProcessCells[]> =>
  eachOf(
    gpus.filter((gpu) => gpu.handle !== undefined),
    function* (gpu): Asking<readonly ProcessCells[]> {
      const own = migs.filter((mig) => mig.gpu === gpu);
      return own.length === 0 ? yield* processesIn(gpu, gpu, WHOLE_GPU) : yield* eachOf(own, processesInMig);
    },
  );

function* processesInMig(mig: MigSubject): Asking<readonly ProcessCells[]> {
  return yield* processesIn(mig, mig.gpu, yield* instanceIds(mig));
}

function* processesIn(subject: Subject, gpu: Gpu, ids: InstanceIds): Asking<readonly ProcessCells[]> {
  const found = yield* processesOf(subject);
  const record = (pid: Reading, type: Reading, name: Reading, memory: Reading): ProcessCells => ({
    gpu: cell(count, gpu.index),
    ...ids,
    pid: cell(processId, pid),
    type: cell(text, type),
    process_name: cell(text, name),
    used_gpu_memory: cell(mebibytesOfProcess, memory),
  });
  // Why the processes cannot be listed, in the place of one.
  if (found instanceof Missing) return [record(found, found, found, found)];
  const names = yield* namesOf(found.map(({ pid }) => pid));
  return found.map(({ pid, type, usedMemory }, i) => record(pid, type, names[i] as Reading, usedMemory));
}

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
