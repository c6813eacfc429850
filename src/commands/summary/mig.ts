/** MIG devices in the summary table. */

import type { Release } from '../../base/release.js';
import type { SummaryMigDevice } from '../../format/summary.js';
import { tableCell } from '../../format/summary-cells.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, statusWords } from '../../nvml/status.js';
import type { Asking } from '../../query/ask/asking.js';
import { type Cell, type Cells, cell } from '../../query/cell.js';
import type { Field } from '../../query/field.js';
import { identity } from '../../query/identity.js';
import { mebibytes } from '../../query/kind.js';
import { migDevices, migIdentity, migMeasures } from '../../query/mig/mig.js';
import { recordCells } from '../../query/record-cells.js';

export const migDeviceFields: readonly Field[] = [...migIdentity, ...migMeasures];

/** What the summary shows of a MIG device, by its JSON names. */
export type MigCells = Cells;

/** The MIG devices of a GPU; where they cannot be listed, one in their place that says why. */
export function* migCells(gpu: Gpu): Asking<readonly MigCells[]> {
  const records = yield* recordCells(migDevices, migDeviceFields, gpu);
  return records.map((record) => ({ gpu: cell(identity.gpu.kind, gpu.index), ...record }));
}

/** A line of the table, or what it says of a GPU whose devices cannot be listed. */
export function summaryMigDevice(cells: MigCells, release: Release): SummaryMigDevice | string {
  const of = (name: string): Cell => cells[name] as Cell;
  const { reading } = of('device');
  if (reading instanceof Missing) {
    return `Unable to determine the MIG devices of GPU ${tableCell(of('gpu'))}: ${statusWords(reading.status)}`;
  }
  /** The table rounds all memory up; BAR1 memory is cut elsewhere. */
  const up = (name: string): string => tableCell(cell(mebibytes, of(name).reading), 'MiB', release);
  return {
    gpu: tableCell(of('gpu')),
    gi: tableCell(of('gpu_instance_id')),
    ci: tableCell(of('compute_instance_id')),
    device: tableCell(of('device')),
    memoryUsed: up('memory.used'),
    memoryTotal: up('memory.total'),
    bar1Used: up('bar1.used'),
    bar1Total: up('bar1.total'),
    multiprocessors: tableCell(of('multiprocessors')),
    ecc: tableCell(of('ecc.errors.uncorrected.volatile.total')),
    copyEngines: tableCell(of('copy_engines')),
    encoders: tableCell(of('encoders')),
    decoders: tableCell(of('decoders')),
    ofas: tableCell(of('ofas')),
    jpegs: tableCell(of('jpegs')),
  };
}
