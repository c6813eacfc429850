/** What the monitors print as JSON: a record for each line, with the time of its tick. */
import { jsonDocument, jsonLine, recordLines } from '../../format/document.js';
import type { Gpu } from '../../nvml/session.js';
import { type Asking, together } from '../../query/ask/asking.js';
import { type Cell, type Cells, cell } from '../../query/cell.js';
import { type Field, nameOf } from '../../query/field.js';
import { gpmInstance } from '../../query/gpm.js';
import { gpuField, gpuRow } from '../../query/gpu-fields.js';
import { identity } from '../../query/identity.js';
import type { FieldHeading, MonitorCell } from '../../query/monitor/column.js';
import { deviceColumns } from '../../query/monitor/device.js';
import { gpmMetrics } from '../../query/monitor/gpm.js';
import { cellsOf } from '../../query/record-cells.js';
import type { JsonPart } from '../command.js';
import type { Context } from '../context.js';

const timestamp = gpuRow('timestamp');

/** When a record is from, and of which GPU it is. */
const HEAD: readonly Field[] = [timestamp, identity.gpu, identity.uuid];

/** The part of a document that has the records. */
export const monitorPart = (
  name: string,
  of: string,
  always: readonly Field[],
  fields: readonly Field[],
): JsonPart => ({
  name,
  of,
  isList: true,
  isAlways: true,
  fields: [...HEAD, ...always, ...fields],
  required: [...HEAD, ...always],
});

export const DEVICE_PART = 'gpus';

/** The records of dmon, and of replay. */
export const deviceParts: readonly JsonPart[] = [
  monitorPart(
    DEVICE_PART,
    'a GPU',
    [],
    [gpmInstance, ...deviceColumns.map(({ field }) => field), ...gpmMetrics.map(({ field }) => field)],
  ),
];

/** The UUIDs of GPUs, which their records have. */
export function* uuidsOf(gpus: readonly Gpu[]): Asking<ReadonlyMap<Gpu, Cell>> {
  const uuids = yield* together(gpus.map((gpu) => gpuField('uuid', gpu)));
  return new Map(gpus.map((gpu, i) => [gpu, cell(identity.uuid.kind, uuids[i] as (typeof uuids)[number])]));
}

export const headCells = (milliseconds: number, gpu: number, uuid: Cell): Cells => ({
  [nameOf(timestamp)]: cell(timestamp.kind, milliseconds),
  gpu: cell(identity.gpu.kind, gpu),
  uuid,
});

/** The values of columns by the names of their fields. */
export const columnCells = (columns: readonly FieldHeading[], cells: readonly MonitorCell[]): Cells =>
  cellsOf(
    columns.map(({ field }) => field),
    cells,
  );

/**
 * Makes the text of a tick's records: with `json` a document, which takes one line where there are several ticks; with `jsonl`
 * a line for each.
 */
export const recordsWriter =
  (part: string, shape: 'json' | 'jsonl', isOnce: boolean, { source, environmentSource }: Context) =>
  (records: readonly Cells[]): string => {
    if (shape === 'jsonl') return recordLines(records, environmentSource);
    return (isOnce ? jsonDocument : jsonLine)({ [part]: records }, source);
  };
