/** Processes in the summary. */
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusWords } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { type Cells, cell } from '../query/cell.js';
import { count, mebibytes, text } from '../query/kind.js';
import type { Subject } from '../query/plan.js';
import { processesOf, processName } from '../query/processes.js';
import { askProbe } from '../query/read.js';
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
  const ask = (probe: Parameters<typeof askProbe>[1], about?: Subject) =>
    askProbe(session, probe, about ?? subject);
  return processesOf(subject, ask).map((process) => ({
    gpu: cell(count, gpu.index),
    ...ids,
    pid: cell(count, process.pid),
    type: cell(text, process.type),
    process_name: cell(text, ask(processName(process.pid)).read('')),
    used_gpu_memory: cell(mebibytes, process.usedMemory),
  }));
}

export const summaryProcess = (cells: ProcessCells): SummaryProcess => ({
  gpu: tableCell(cells.gpu),
  gi: tableCell(cells.gi),
  ci: tableCell(cells.ci),
  pid: tableCell(cells.pid),
  type: tableCell(cells.type),
  name: label(cells.process_name.reading),
  memory: tableCell(cells.used_gpu_memory, 'MiB'),
});

/** A process that ended, or lives in another container, has no name to show. */
const label = (reading: Reading): string =>
  reading instanceof Missing ? `[${statusWords(reading.status)}]` : text.spell(reading);
