/** The processes of a GPU with their names, and where on it they are: on all of it, or on one of its MIG devices. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import type { Reading } from './bound-probe.js';
import { computeInstanceId, gpuInstanceId } from './mig.js';
import { migDevicesOf } from './mig-devices.js';
import type { Subject } from './plan.js';
import type { ProcessType } from './process-type.js';
import { nameOf, processesOf } from './processes.js';
import type { AskProbe } from './table.js';

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
export function gpuProcesses(gpu: Subject, ask: AskProbe): readonly PlacedProcess[] | Missing {
  if (gpu.status !== 0) return Missing.of(gpu.status);
  const migs = migDevicesOf(gpu, ask);
  if (migs instanceof Missing) return migs;
  if (migs === undefined || migs.length === 0) {
    return processesOn(gpu, NOT_SUPPORTED, NOT_SUPPORTED, ask);
  }
  const all: PlacedProcess[] = [];
  for (const mig of migs) {
    const instances = [gpuInstanceId, computeInstanceId].map((id) => ask(id, mig).read('value'));
    const found = processesOn(mig, ...(instances as [Reading, Reading]), ask);
    if (found instanceof Missing) return found;
    all.push(...found);
  }
  return all;
}

function processesOn(
  place: Subject,
  gpuInstance: Reading,
  computeInstance: Reading,
  ask: AskProbe,
): readonly PlacedProcess[] | Missing {
  const found = processesOf(place, ask);
  if (found instanceof Missing) return found;
  return found.map(({ pid, type, usedMemory }) => {
    const name = nameOf(pid, place, ask);
    return { gpuInstance, computeInstance, pid, type, name, usedMemory };
  });
}
