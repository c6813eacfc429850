/** Processes in the summary. */
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusWords } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { count, mebibytes, text } from '../query/kind.js';
import type { Subject } from '../query/plan.js';
import { nameOf, processesOf } from '../query/processes.js';
import { askerOf } from '../query/read.js';
import type { Release } from '../release.js';
import type { SummaryProcess } from '../render/summary.js';
import { tableCell } from './summary-cells.js';
import { instanceIds, type MigSubject } from './summary-mig.js';

type ProcessCells = Cells<'gpu' | 'gi' | 'ci' | 'pid' | 'type' | 'process_name' | 'used_gpu_memory'>;

const WHOLE_GPU: Cells<'gi' | 'ci'> = { gi: cell(count, NOT_SUPPORTED), ci: cell(count, NOT_SUPPORTED) };

/** Processes of every GPU, by their JSON names; where MIG divides one, those of its MIG devices. */
export function processCells(
  session: Session,
  gpus: readonly Gpu[],
  migs: readonly MigSubject[],
): readonly ProcessCells[] {
  return gpus
    .filter((gpu) => gpu.handle !== undefined)
    .flatMap((gpu) => {
      const own = migs.filter((mig) => mig.gpu === gpu);
      if (own.length === 0) return processesIn(session, gpu, gpu, WHOLE_GPU);
      return own.flatMap((mig) => processesIn(session, mig, gpu, instanceIds(session, mig)));
    });
}

function processesIn(
  session: Session,
  subject: Subject,
  gpu: Gpu,
  ids: Cells<'gi' | 'ci'>,
): readonly ProcessCells[] {
  const ask = askerOf(session, subject);
  const found = processesOf(subject, ask);
  const record = (pid: Reading, type: Reading, name: Reading, memory: Reading): ProcessCells => ({
    gpu: cell(count, gpu.index),
    ...ids,
    pid: cell(count, pid),
    type: cell(text, type),
    process_name: cell(text, name),
    used_gpu_memory: cell(mebibytes, memory),
  });
  // Why the processes cannot be listed, in the place of one.
  if (found instanceof Missing) return [record(found, found, found, found)];
  return found.map(({ pid, type, usedMemory }) => record(pid, type, nameOf(pid, subject, ask), usedMemory));
}

/** A line of the table, or what it says of a GPU or MIG device whose processes cannot be listed. */
export function summaryProcess(cells: ProcessCells, release: Release): SummaryProcess | string {
  const { reading } = cells.pid;
  if (reading instanceof Missing) {
    const { gpu, gi, ci } = cells;
    const isWhole = gi.reading instanceof Missing;
    const place = isWhole ? cellText(gpu) : `${cellText(gpu)} GI ${cellText(gi)} CI ${cellText(ci)}`;
    return `Unable to determine the processes of GPU ${place}: ${statusWords(reading.status)}`;
  }
  return {
    gpu: tableCell(cells.gpu),
    gi: tableCell(cells.gi),
    ci: tableCell(cells.ci),
    pid: tableCell(cells.pid),
    type: tableCell(cells.type),
    name: label(cells.process_name.reading),
    memory: tableCell(cells.used_gpu_memory, 'MiB', release),
  };
}

/** A process that ended, or runs in another container, has no name to show. */
const label = (reading: Reading): string =>
  reading instanceof Missing ? `[${statusWords(reading.status)}]` : text.spell(reading);
