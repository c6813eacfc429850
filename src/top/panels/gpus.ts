/** The list of GPUs: a line for each, and one for each of its MIG devices. */

import { fitted } from '../../format/graphemes.js';
import { Missing } from '../../nvml/status.js';
import type { GpuSample, MigSample } from '../../watch/sample.js';
import {
  ABSENT,
  GPU_COLUMNS,
  numberOf,
  type PlacedGpuColumn,
  placedCell,
  placedGpuColumns,
} from '../gpu-cells.js';
import { bar } from '../graph.js';
import { cutLine, type Line, type StyledText, span, styled } from '../span.js';
import type { Model, Surface } from '../state.js';

const GIB = 1024 ** 3;

/** The head, and the lines of all GPUs. */
export function gpuLines({ sample, surface }: Model): readonly Line[] {
  const columns = placedGpuColumns(columnsFor(sample?.gpus ?? []), surface.columns);
  const head: StyledText[] = columns.map(({ head: name, placedWidth, align }) => ({
    ...span(`${fitted(name, placedWidth, align)} `, 'dim'),
  }));
  return [head, ...(sample?.gpus ?? []).flatMap((gpu) => linesOf(gpu, columns, surface))];
}

/** Columns that no GPU of the machine has anything in, such as fans or SM activity, are left out. */
function columnsFor(gpus: readonly GpuSample[]): typeof GPU_COLUMNS {
  const surface = { columns: 0, rows: 0, isUtf8: false };
  const isEmpty = (text: string): boolean => text === ABSENT || text === `${ABSENT}/${ABSENT}`;
  return GPU_COLUMNS.filter(
    ({ cell, grows, rank }) =>
      grows !== undefined || rank > 90 || !gpus.every((gpu) => isEmpty(cell(gpu, 1, surface).text)),
  );
}

function linesOf(gpu: GpuSample, columns: readonly PlacedGpuColumn[], surface: Surface): readonly Line[] {
  if (gpu.lost !== undefined) {
    return [[span(String(gpu.index).padStart(3), 'title'), span(` ${gpu.lost}`, 'bad')]];
  }
  const cells = columns.flatMap((column): readonly StyledText[] => [
    placedCell(column, gpu, surface),
    span(' '),
  ]);
  const lines = [cells, ...gpu.migs.map((mig) => migLine(mig, surface))];
  return gpu.hasAnswered ? lines : lines.map((line) => styled(line, { role: 'dim' }));
}

function migLine({ name, gi, ci, usedMemory, totalMemory }: MigSample, { columns, isUtf8 }: Surface): Line {
  const [used, total] = [numberOf(usedMemory), numberOf(totalMemory)];
  const memory =
    used === undefined || total === undefined
      ? ABSENT
      : `${(used / GIB).toFixed(1)}/${(total / GIB).toFixed(1)}G`;
  const ids = `GI ${idOf(gi)} CI ${idOf(ci)}`;
  const share = used === undefined || total === undefined || total === 0 ? 0 : used / total;
  return cutLine(
    [
      span(isUtf8 ? '    └ ' : '    - ', 'dim'),
      span(fitted(name, 18, 'left')),
      span(fitted(ids, 11, 'left'), 'dim'),
      span(`${memory.padStart(11)} `),
      span(bar(share, 16, isUtf8), 'memory'),
    ],
    columns,
    isUtf8 ? '…' : '>',
  );
}

const idOf = (reading: MigSample['gi']): string => (reading instanceof Missing ? ABSENT : String(reading));
