/** The processes of a GPU with their names, and where on it they are: on all of it, or on one of its MIG devices. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, read, together, want } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { computeInstanceId, gpuInstanceId } from './mig.js';
import { migDevicesOf } from './mig-devices.js';
import type { ProcessType } from './process-type.js';
import { namesOf, processesOf } from './processes.js';
import type { Reading } from './reading.js';

/** A process on a GPU. One that ended meanwhile has no name. */
export type PlacedProcess = {
  readonly gpuInstance: Reading;
  readonly computeInstance: Reading;
  readonly pid: number;
  readonly type: ProcessType;
  readonly name: Reading;
  /** Bytes. */
  readonly usedMemory: Reading;
};

/** The processes, or why they cannot be listed. */
export function* gpuProcesses(gpu: Subject): Asking<readonly PlacedProcess[] | Missing> {
  if (gpu.status !== 0) return Missing.of(gpu.status);
  const migs = yield* migDevicesOf(gpu);
  if (migs instanceof Missing) return migs;
  if (migs === undefined || migs.length === 0) {
    return yield* processesOn(gpu, NOT_SUPPORTED, NOT_SUPPORTED);
  }
  const all: PlacedProcess[] = [];
  for (const found of yield* together(migs.map(processesOnMig))) {
    if (found instanceof Missing) return found;
    all.push(...found);
  }
  return all;
}

function* processesOnMig(mig: Subject): Asking<readonly PlacedProcess[] | Missing> {
  const instances = yield* read([want(gpuInstanceId), want(computeInstanceId)], mig);
  return yield* processesOn(mig, ...(instances as [Reading, Reading]));
}

function* processesOn(
  place: Subject,
  gpuInstance: Reading,
  computeInstance: Reading,
): Asking<readonly PlacedProcess[] | Missing> {
  const found = yield* processesOf(place);
  if (found instanceof Missing) return found;
  const names = yield* namesOf(found.map(({ pid }) => pid));
  return found.map((process, i) => ({
    gpuInstance,
    computeInstance,
    pid: process.pid,
    type: process.type,
    name: names[i] as Reading,
    usedMemory: process.usedMemory,
  }));
}
