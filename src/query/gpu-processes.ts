/** The processes of a GPU with their names, and where on it they are: on all of it, or on one of its MIG devices. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import type { Reading } from './bound-probe.js';
import { computeInstanceId, gpuInstanceId } from './mig.js';
import { migDevicesOf } from './mig-devices.js';
import type { Subject } from './plan.js';
import type { ProcessType } from './process-type.js';
import { processesOf, processName } from './processes.js';
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

/** The processes, or why a GPU cannot be asked for them. */
export function gpuProcesses(gpu: Subject, ask: AskProbe): readonly PlacedProcess[] | Missing {
  if (gpu.status !== 0) return Missing.of(gpu.status);
  const on = (place: Subject, gpuInstance: Reading, computeInstance: Reading): readonly PlacedProcess[] =>
    processesOf(place, ask).map(({ pid, type, usedMemory }) => {
      const name = ask(processName(pid), place).read('');
      return { gpuInstance, computeInstance, pid, type, name, usedMemory };
    });
  const migs = migDevicesOf(gpu, ask) ?? [];
  if (migs.length === 0) return on(gpu, NOT_SUPPORTED, NOT_SUPPORTED);
  return migs.flatMap((mig) =>
    on(mig, ask(gpuInstanceId, mig).read('value'), ask(computeInstanceId, mig).read('value')),
  );
}
