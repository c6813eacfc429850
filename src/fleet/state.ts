/** What a GPU of the fleet does: whether a job can have it, and whether it is well. */

import { Missing } from '../nvml/status.js';
import { gpuRow } from '../query/gpu-fields.js';
import type { Fleet, FleetGpu } from './fleet.js';

/** `held` has memory or processes and does nothing. */
export type GpuState = 'free' | 'busy' | 'held' | 'unhealthy' | 'unknown';

export const STATES: readonly GpuState[] = ['free', 'busy', 'held', 'unhealthy', 'unknown'];

/** MiB that a GPU may use without a program that holds it. The context of one that computes takes more (533 MiB on an H100). */
const MOST_FREE = 128;

/** The number of a field, in the unit that nvidia-smi prints it in; undefined where there is none. */
export function numberOf(
  gpu: FleetGpu,
  field: string,
  { isPrinted }: Pick<Fleet, 'isPrinted'>,
): number | undefined {
  const reading = gpu.readings.get(field);
  if (reading === undefined || reading instanceof Missing) return undefined;
  const value = Number(isPrinted ? reading : gpuRow(field).kind.json(reading));
  return Number.isFinite(value) ? value : undefined;
}

/** A field that is a text, or spelled as one. */
export function textOf(gpu: FleetGpu, field: string, { isPrinted }: Pick<Fleet, 'isPrinted'>): string {
  const reading = gpu.readings.get(field);
  if (reading === undefined || reading instanceof Missing) return '';
  return isPrinted ? String(reading) : gpuRow(field).kind.spell(reading);
}

/** What is wrong with a GPU, each in a few words. */
export function problemsOf(gpu: FleetGpu, fleet: Pick<Fleet, 'isPrinted'>): readonly string[] {
  const raw = (field: string): number => {
    const reading = gpu.readings.get(field);
    return reading === undefined || reading instanceof Missing ? 0 : Number(reading) || 0;
  };
  const action = raw('gpu_recovery_action');
  const errors = raw('ecc.errors.uncorrected.volatile.total');
  return [
    ...gpu.problems,
    ...(action > 0 ? [`recovery: ${textOf(gpu, 'gpu_recovery_action', fleet)}`] : []),
    ...(raw('remapped_rows.failure') > 0 ? ['row remapping failed'] : []),
    ...(raw('remapped_rows.pending') > 0 ? ['row remapping pending'] : []),
    ...(errors > 0 ? [`${errors} uncorrected ECC error${errors === 1 ? '' : 's'}`] : []),
  ];
}

export function stateOf(gpu: FleetGpu, fleet: Pick<Fleet, 'isPrinted'>): GpuState {
  if (problemsOf(gpu, fleet).length > 0) return 'unhealthy';
  const utilization = numberOf(gpu, 'utilization.gpu', fleet);
  const used = numberOf(gpu, 'memory.used', fleet);
  if (utilization === undefined && used === undefined) return 'unknown';
  if ((utilization ?? 0) > 0) return 'busy';
  const isHeld = (gpu.owners?.processes ?? 0) > 0 || (used ?? 0) > MOST_FREE;
  return isHeld ? 'held' : 'free';
}
