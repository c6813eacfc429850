/** Memory of a GPU that no listed process accounts for, and who may have it. */
import { Missing } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import { count, mebibytes, text, timestamp } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import type { DeviceHolder } from '../system/device-holders.js';
import type { GpuProcesses } from './process-samples.js';

/** Bytes that every GPU has in use without a process are less: 0 to 4 MiB (H100, H200, 580.159.04). */
const NOTABLE = 16 * 1024 * 1024;

/** Bytes in use beyond those of the listed processes; missing where one of the numbers is. */
export function unaccounted({ usedMemory, processes }: GpuProcesses): Reading {
  if (usedMemory instanceof Missing) return usedMemory;
  if (processes instanceof Missing) return processes;
  let rest = Number(usedMemory);
  for (const { usedMemory: own } of processes) {
    if (own instanceof Missing) return own;
    rest -= Number(own);
  }
  return Math.max(0, rest);
}

/** Whether a GPU has so much of it that it is said. */
export const isNotable = (reading: Reading): boolean =>
  !(reading instanceof Missing) && Number(reading) >= NOTABLE;

/** What JSON has of a GPU. */
export const placeCells = (place: GpuProcesses): Cells => ({
  gpu: cell(count, place.gpu.index),
  uuid: cell(text, place.uuid),
  name: cell(text, place.name),
  'memory.used': cell(mebibytes, place.usedMemory),
  processes: cell(count, place.processes instanceof Missing ? place.processes : place.processes.length),
  unaccounted_memory: cell(mebibytes, unaccounted(place)),
  /** When the newest sample of the engines was taken. */
  utilization_time: cell(timestamp, place.usedAt),
});

/** Holders of a GPU's device file that no list of NVML has. */
export function unlistedHolders(
  { minor }: GpuProcesses,
  holders: readonly DeviceHolder[],
  listed: ReadonlySet<number>,
): readonly DeviceHolder[] {
  return holders.filter(({ pid, devices }) => devices.includes(`/dev/nvidia${minor}`) && !listed.has(pid));
}
