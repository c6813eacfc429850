/** MIG devices in the summary table. */
import { type Gpu, migDevices, type Session } from '../nvml/session.js';
import type { Reading } from '../query/asked.js';
import { bar1Memory } from '../query/gpu/memory.js';
import { computeInstanceId, gpuInstanceId, migAttributes } from '../query/mig.js';
import { readAll } from '../query/now.js';
import type { Subject } from '../query/plan.js';
import { askOnce } from '../query/read.js';
import type { SummaryMigDevice } from '../render/summary.js';
import { cell, mebibytesCell } from './summary-cells.js';

/** A MIG device and the GPU that it is a part of. */
export interface MigSubject extends Subject {
  readonly gpu: Gpu;
}

export const migSubjects = (session: Session, gpu: Gpu): readonly MigSubject[] =>
  migDevices(session.driver, gpu).map((handle, index) => ({ gpu, handle, index, status: 0 }));

const plain = (reading: Reading): string => cell(reading, String);

/** Ids of the instances that make up a MIG device. */
export const instanceIds = (session: Session, mig: MigSubject): { gi: string; ci: string } => ({
  gi: plain(askOnce(session, gpuInstanceId, mig).read('value')),
  ci: plain(askOnce(session, computeInstanceId, mig).read('value')),
});

export function summaryMigDevice(session: Session, mig: MigSubject): SummaryMigDevice {
  const attributes = askOnce(session, migAttributes, mig);
  const bar1 = askOnce(session, bar1Memory, mig);
  const [used, total, ecc] = readAll(session, mig, [
    'memory.used',
    'memory.total',
    'ecc.errors.uncorrected.volatile.total',
  ]) as [Reading, Reading, Reading];
  return {
    gpu: String(mig.gpu.index),
    ...instanceIds(session, mig),
    device: String(mig.index),
    memoryUsed: mebibytesCell(used),
    memoryTotal: mebibytesCell(total),
    bar1Used: mebibytesCell(bar1.read('bar1Used')),
    bar1Total: mebibytesCell(bar1.read('bar1Total')),
    multiprocessors: plain(attributes.read('multiprocessorCount')),
    ecc: plain(ecc),
    copyEngines: plain(attributes.read('sharedCopyEngineCount')),
    encoders: plain(attributes.read('sharedEncoderCount')),
    decoders: plain(attributes.read('sharedDecoderCount')),
    ofas: plain(attributes.read('sharedOfaCount')),
    jpegs: plain(attributes.read('sharedJpegCount')),
  };
}
