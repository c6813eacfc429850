/** Processes in the summary table. */
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import type { Reading } from '../query/asked.js';
import type { Subject } from '../query/plan.js';
import { processesOf, processName } from '../query/processes.js';
import { askOnce } from '../query/read.js';
import type { SummaryProcess } from '../render/summary.js';
import { mebibytesCell } from './summary-cells.js';
import { instanceIds, type MigSubject } from './summary-mig.js';

/** Processes of every GPU; where MIG divides one, those of its MIG devices. */
export function summaryProcesses(
  session: Session,
  gpus: readonly Gpu[],
  migs: readonly MigSubject[],
): readonly SummaryProcess[] {
  return gpus
    .filter((gpu) => gpu.handle !== undefined)
    .flatMap((gpu) => {
      const own = migs.filter((mig) => mig.gpu === gpu);
      if (own.length === 0) return processesIn(session, gpu, gpu, { gi: 'N/A', ci: 'N/A' });
      return own.flatMap((mig) => processesIn(session, mig, gpu, instanceIds(session, mig)));
    });
}

function processesIn(
  session: Session,
  subject: Subject,
  gpu: Gpu,
  ids: { readonly gi: string; readonly ci: string },
): readonly SummaryProcess[] {
  const ask = (probe: Parameters<typeof askOnce>[1], about?: Subject) =>
    askOnce(session, probe, about ?? subject);
  return processesOf(subject, ask).map((process) => ({
    gpu: String(gpu.index),
    ...ids,
    pid: String(process.pid),
    type: process.type,
    name: label(ask(processName(process.pid)).read('')),
    memory: mebibytesCell(process.usedMemory),
  }));
}

/** A process that ended, or lives in another container, has no name to show. */
const label = (reading: Reading): string =>
  reading instanceof Missing ? `[${statusWords(reading.status)}]` : String(reading);
