/** MIG devices in the summary table. */

import type { Release } from '../base/release.js';
import type { SummaryMigDevice } from '../format/summary.js';
import { tableCell } from '../format/summary-cells.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import { type Asking, ask, read, want } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import { type Cell, type Cells, cell } from '../query/cell.js';
import { bar1Memory } from '../query/gpu/memory.js';
import { fieldCells } from '../query/gpu-fields.js';
import { count, mebibytes } from '../query/kind.js';
import { computeInstanceId, gpuInstanceId, migAttributes } from '../query/mig.js';
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

/** Ids of the instances that make up a MIG device. */
export function* instanceIds(mig: MigSubject): Asking<Cells<'gi' | 'ci'>> {
  const [gi, ci] = yield* read([want(gpuInstanceId), want(computeInstanceId)], mig);
  return { gi: cell(count, gi as Reading), ci: cell(count, ci as Reading) };
}

const ECC = 'ecc.errors.uncorrected.volatile.total';
const FIELDS = ['memory.used', 'memory.total', ECC] as const;

/** What the summary shows of a MIG device, by its JSON names. */
export type MigCells = Cells<
  | 'gpu'
  | 'gi'
  | 'ci'
  | 'device'
  | (typeof FIELDS)[number]
  | 'bar1.used'
  | 'bar1.total'
  | 'multiprocessors'
  | 'copy_engines'
  | 'encoders'
  | 'decoders'
  | 'ofas'
  | 'jpegs'
>;

export function* migCells(mig: MigSubject): Asking<MigCells> {
  const ids = yield* instanceIds(mig);
  const fields = yield* fieldCells(FIELDS, mig);
  const attributes = yield* ask(migAttributes, mig);
  const bar1 = yield* ask(bar1Memory, mig);
  const number = (name: string): Cell => cell(count, attributes.read(name));
  return {
    gpu: cell(count, mig.gpu.index),
    ...ids,
    device: cell(count, mig.status === 0 ? mig.index : Missing.of(mig.status)),
    ...fields,
    'bar1.used': cell(mebibytes, bar1.read('bar1Used')),
    'bar1.total': cell(mebibytes, bar1.read('bar1Total')),
    multiprocessors: number('multiprocessorCount'),
    copy_engines: number('sharedCopyEngineCount'),
    encoders: number('sharedEncoderCount'),
    decoders: number('sharedDecoderCount'),
    ofas: number('sharedOfaCount'),
    jpegs: number('sharedJpegCount'),
  };
}

/** A line of the table, or what it says of a GPU whose devices cannot be listed. */
export function summaryMigDevice(cells: MigCells, release: Release): SummaryMigDevice | string {
  const { reading } = cells.device;
  if (reading instanceof Missing) {
    return `Unable to determine the MIG devices of GPU ${tableCell(cells.gpu)}: ${statusWords(reading.status)}`;
  }
  return {
    gpu: tableCell(cells.gpu),
    gi: tableCell(cells.gi),
    ci: tableCell(cells.ci),
    device: tableCell(cells.device),
    memoryUsed: tableCell(cells['memory.used'], 'MiB', release),
    memoryTotal: tableCell(cells['memory.total'], 'MiB', release),
    bar1Used: tableCell(cells['bar1.used'], 'MiB', release),
    bar1Total: tableCell(cells['bar1.total'], 'MiB', release),
    multiprocessors: tableCell(cells.multiprocessors),
    ecc: tableCell(cells[ECC]),
    copyEngines: tableCell(cells.copy_engines),
    encoders: tableCell(cells.encoders),
    decoders: tableCell(cells.decoders),
    ofas: tableCell(cells.ofas),
    jpegs: tableCell(cells.jpegs),
  };
}
