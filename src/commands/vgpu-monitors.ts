/** The monitors among the options of `vgpu`: a line for each record, every second until they are stopped. */

import { columnsHead, columnsLine, emptyLine, type TableColumn } from '../format/columns.js';
import type { SessionColumn } from '../format/sessions.js';
import * as render from '../format/vgpu.js';
import { NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Asking, eachOf, together } from '../query/ask/asking.js';
import { type Cells, cell } from '../query/cell.js';
import { gpuField } from '../query/gpu-fields.js';
import { count, percent } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import { encoderSessions, fbcSessions, noSession, sessionCells } from '../query/sessions.js';
import * as vgpu from '../query/vgpu.js';
import { VgpuGpm } from '../query/vgpu-gpm.js';
import { SECOND, type VgpuView, type VgpuViewOptions, withGpu } from './vgpu-views.js';

/** N/A where MIG divides the GPU: an RTX PRO 6000 with driver 580.105.08. */
function* emptyWord(gpu: Gpu): Asking<string> {
  const mode = yield* gpuField('mig.mode.current', gpu);
  return mode instanceof Missing || Number(mode) === 0 ? '-' : 'N/A';
}

/** A monitor: a line per record, or a line of dashes for a GPU without any. */
const monitor = (part: string, columns: readonly TableColumn[], records: VgpuView['records']): VgpuView => ({
  part,
  head: columnsHead(columns),
  period: SECOND,
  *records(gpu) {
    return (yield* records(gpu)).map((cells) => withGpu(gpu, cells));
  },
  *print(gpus) {
    const lines = yield* eachOf(gpus, function* (gpu): Asking<readonly string[]> {
      const all = yield* records(gpu);
      if (all.length === 0) return [emptyLine(columns, gpu.index, yield* emptyWord(gpu))];
      return all.map((cells) => columnsLine(columns, gpu.index, render.columnTexts(cells)));
    });
    return lines.join('');
  },
});

export const UTILIZATION = monitor('utilization', render.utilizationColumns, function* (gpu) {
  const utilizationOf = yield* vgpu.vgpuUtilizations(gpu);
  const record = (id: Reading, { sm, memory, encoder, decoder, jpeg, ofa }: vgpu.VgpuUtilization): Cells => {
    const engines = { gpu: sm, memory, encoder, decoder, jpeg, ofa };
    return {
      vgpu_instance: cell(count, id),
      ...Object.fromEntries(
        Object.entries(engines).map(([name, value]) => [`utilization.${name}`, cell(percent, value)]),
      ),
    };
  };
  const ids = yield* vgpu.vgpuNumbers(gpu, 'active');
  if (ids instanceof Missing) return [record(ids, vgpu.noUtilization(ids))];
  return ids.map((id) => record(id, utilizationOf(id)));
});

export const PROCESSES = monitor('processes', render.processColumns, vgpu.vgpuProcesses);

export const sessions = (
  part: string,
  which: 'encoder' | 'fbc',
  columns: readonly SessionColumn[],
): VgpuView => {
  const { fields } = which === 'encoder' ? encoderSessions : fbcSessions;
  return monitor(part, [{ head: ['vGPU', 'Id'], width: 11 }, ...columns], function* (gpu) {
    const ids = yield* vgpu.vgpuNumbers(gpu, 'active');
    if (ids instanceof Missing) return [{ vgpu_instance: cell(count, ids), ...noSession(fields, ids) }];
    const lists = yield* together(ids.map((id) => vgpu.vgpuSessions(id, which)));
    return ids.flatMap((id, i): readonly Cells[] => {
      const views = lists[i] as (typeof lists)[number];
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
export function gpmMonitor({ metrics }: VgpuViewOptions): VgpuView {
  const gpm = new VgpuGpm(metrics);
  return {
    ...monitor('gpm', render.gpmColumns(metrics.map(({ name }) => name)), (gpu) => gpm.records(gpu)),
    close: () => gpm.close(),
  };
}
