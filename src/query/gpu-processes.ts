/** The processes of a GPU with their names, and where on it they are: on all of it, or on one of its MIG devices. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, read, together, want } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { type Field, item } from './field.js';
import { count, type Kind, mebibytes, processId, text } from './kind.js';
import { computeInstanceId, gpuInstanceId } from './mig.js';
import { migDevicesOf } from './mig-devices.js';
import type { ProcessType } from './process-type.js';
import { namesOf, type ProcessNames, processesOf } from './processes.js';
import type { Reading } from './reading.js';
import type { Relation } from './relation.js';

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
export function* gpuProcesses(
  gpu: Subject,
  names: ProcessNames = namesOf,
): Asking<readonly PlacedProcess[] | Missing> {
  if (gpu.status !== 0) return Missing.of(gpu.status);
  const migs = yield* migDevicesOf(gpu);
  if (migs instanceof Missing) return migs;
  if (migs === undefined || migs.length === 0) {
    return yield* processesOn(gpu, NOT_SUPPORTED, NOT_SUPPORTED, names);
  }
  const all: PlacedProcess[] = [];
  for (const found of yield* together(migs.map((mig) => processesOnMig(mig, names)))) {
    if (found instanceof Missing) return found;
    all.push(...found);
  }
  return all;
}

function* processesOnMig(mig: Subject, names: ProcessNames): Asking<readonly PlacedProcess[] | Missing> {
  const instances = yield* read([want(gpuInstanceId), want(computeInstanceId)], mig);
  return yield* processesOn(mig, ...(instances as [Reading, Reading]), names);
}

function* processesOn(
  place: Subject,
  gpuInstance: Reading,
  computeInstance: Reading,
  namesOf: ProcessNames,
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

const field = (name: string, value: keyof PlacedProcess, kind: Kind, help: string): Field => ({
  names: [name],
  help,
  kind,
  source: item(value),
});

/** All that runs on a GPU: what computes, what draws, and what computes through MPS. */
export const processes: Relation = {
  name: 'processes',
  record: 'a process on a GPU',
  fields: [
    field(
      'gpu_instance_id',
      'gpuInstance',
      count,
      'GPU instance that it runs on; only where MIG divides the GPU.',
    ),
    field(
      'compute_instance_id',
      'computeInstance',
      count,
      'Compute instance that it runs on; only where MIG divides the GPU.',
    ),
    field('pid', 'pid', processId, 'Id of the process.'),
    field('type', 'type', text, 'C computes, G draws, C+G both, M+C computes through MPS.'),
    field('process_name', 'name', text, 'Name of the process, as it was started.'),
    field('used_gpu_memory', 'usedMemory', mebibytes, 'Memory of the GPU that the process has allocated.'),
  ],
  *find(gpu) {
    const found = yield* gpuProcesses(gpu);
    return found instanceof Missing ? found : found.map((values) => ({ values }));
  },
};
