/** The monitors among the options of `vgpu`: a line for each record, every second until they are stopped. */

import { type Column, columnsHead, columnsLine, emptyLine } from '../format/columns.js';
import type { SessionColumn } from '../format/sessions.js';
import * as render from '../format/vgpu.js';
import { NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import { count, percent } from '../query/kind.js';
import { readGpuFields } from '../query/read.js';
import type { Reading } from '../query/reading.js';
import { encoderSessions, fbcSessions, noSession, sessionCells } from '../query/sessions.js';
import * as vgpu from '../query/vgpu.js';
import { VgpuGpm } from '../query/vgpu-gpm.js';
import { SECOND, type View, type Wanted, withGpu } from './vgpu-views.js';

/** N/A where MIG divides the GPU: an RTX PRO 6000 with driver 580.105.08. */
function emptyWord(session: Session, gpu: Gpu): string {
  const [mode] = readGpuFields(session, gpu, ['mig.mode.current']) as [Reading];
  return mode instanceof Missing || Number(mode) === 0 ? '-' : 'N/A';
}

/** A monitor: a line per record, or a line of dashes for a GPU without any. */
const monitor = (part: string, columns: readonly Column[], records: View['records']): View => ({
  part,
  head: columnsHead(columns),
  period: SECOND,
  records: (session, gpu) => records(session, gpu).map((cells) => withGpu(gpu, cells)),
  print: (session, gpus) =>
    gpus
      .flatMap((gpu) => {
        const lines = records(session, gpu);
        if (lines.length === 0) return [emptyLine(columns, gpu.index, emptyWord(session, gpu))];
        return lines.map((cells) => columnsLine(columns, gpu.index, render.columnTexts(cells)));
      })
      .join(''),
});

export const UTILIZATION = monitor('utilization', render.utilizationColumns, (session, gpu) => {
  const utilizationOf = vgpu.vgpuUtilizations(session, gpu);
  const record = (id: Reading, { sm, memory, encoder, decoder, jpeg, ofa }: vgpu.VgpuUtilization): Cells => {
    const engines = { gpu: sm, memory, encoder, decoder, jpeg, ofa };
    return {
      vgpu_instance: cell(count, id),
      ...Object.fromEntries(
        Object.entries(engines).map(([name, value]) => [`utilization.${name}`, cell(percent, value)]),
      ),
    };
  };
  const ids = vgpu.vgpuNumbers(session, gpu, 'active');
  if (ids instanceof Missing) return [record(ids, vgpu.noUtilization(ids))];
  return ids.map((id) => record(id, utilizationOf(id)));
});

export const PROCESSES = monitor('processes', render.processColumns, vgpu.vgpuProcesses);

export const sessions = (part: string, which: 'encoder' | 'fbc', columns: readonly SessionColumn[]): View => {
  const { fields } = which === 'encoder' ? encoderSessions : fbcSessions;
  return monitor(part, [{ head: ['vGPU', 'Id'], width: 11 }, ...columns], (session, gpu) => {
    const ids = vgpu.vgpuNumbers(session, gpu, 'active');
    if (ids instanceof Missing) return [{ vgpu_instance: cell(count, ids), ...noSession(fields, ids) }];
    return ids.flatMap((id): readonly Cells[] => {
      const views = vgpu.vgpuSessions(session, id, which);
      const who = { vgpu_instance: cell(count, id) };
      if (views instanceof Missing) return [{ ...who, ...noSession(fields, views) }];
      if (views.length === 0) return [{ ...who, ...noSession(fields, NO_SESSION) }];
      return views.map((view) => ({ ...who, ...sessionCells(fields, view) }));
    });
  });
};

/** A vGPU without sessions has a line of dashes: the vGPU software's guide. */
const NO_SESSION = Missing.of(NVML_ERROR_NOT_FOUND);

/** `--gpm-metrics`: no line where no vGPU runs has a value, and the first of each vGPU has none. */
export function gpmMonitor({ metrics }: Wanted): View {
  const gpm = new VgpuGpm(metrics);
  return {
    ...monitor('gpm', render.gpmColumns(metrics.map(({ name }) => name)), (session, gpu) =>
      gpm.records(session, gpu),
    ),
    close: () => gpm.close(),
  };
}
