/** MIG devices in the summary table. */

import type { Release } from '../base/release.js';
import type { SummaryMigDevice } from '../format/summary.js';
import { tableCell } from '../format/summary-cells.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import { type Asking, read, want } from '../query/ask/asking.js';
import { readFields } from '../query/ask/records.js';
import type { Subject } from '../query/ask/subject.js';
import { type Cell, type Cells, cell } from '../query/cell.js';
import { type Field, nameOf } from '../query/field.js';
import { count, mebibytes } from '../query/kind.js';
import { computeInstanceId, gpuInstanceId, migIdentity, migMeasures } from '../query/mig.js';
import { migDevicesIn } from '../query/mig-devices.js';
import type { Reading } from '../query/reading.js';

/** A MIG device and the GPU that it is a part of. */
export interface MigSubject extends Subject {
  readonly gpu: Gpu;
}

/** The MIG devices of a GPU; where they cannot be listed, one in their place that answers nothing but why. */
export function* migSubjects(gpu: Gpu): Asking<readonly MigSubject[]> {
  const migs = yield* migDevicesIn(gpu);
  if (migs instanceof Missing) return [{ gpu, index: -1, handle: undefined, status: migs.status }];
  return migs.map((mig) => ({ gpu, ...mig }));
}

export type InstanceIds = Cells<'gpu_instance_id' | 'compute_instance_id'>;

/** Ids of the instances that make up a MIG device. */
export function* instanceIds(mig: MigSubject): Asking<InstanceIds> {
  const [gi, ci] = yield* read([want(gpuInstanceId), want(computeInstanceId)], mig);
  return {
    gpu_instance_id: cell(count, gi as Reading),
    compute_instance_id: cell(count, ci as Reading),
  };
}

const FIELDS: readonly Field[] = [...migIdentity, ...migMeasures].filter(({ source }) => !('item' in source));

/** What the summary shows of a MIG device, by its JSON names. */
export type MigCells = Cells;

export function* migCells(mig: MigSubject): Asking<MigCells> {
  const readings = yield* readFields(FIELDS, mig);
  return {
    gpu: cell(count, mig.gpu.index),
    device: cell(count, mig.status === 0 ? mig.index : Missing.of(mig.status)),
    ...Object.fromEntries(
      FIELDS.map((field, i) => [nameOf(field), cell(field.kind, readings[i] as Reading)]),
    ),
  };
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
