/** How many there can be of what NVML counts. A count beyond that is garbage, and nothing loops so often. */
import type { FunctionName } from './generated/functions.js';

/** Minor numbers of /dev/nvidia0 and its neighbours have eight bits. */
const MOST_GPUS = 256;
/** A GPU is cut into seven at most (A100 to GB300); there is room for finer slices. */
const MOST_MIG_DEVICES = 64;
/** A unit is a chassis for GPUs. */
const MOST_UNITS = MOST_GPUS;

/** Air-cooled boards have three at most. */
const MOST_FANS = 16;

const MOST: Readonly<Partial<Record<FunctionName, number>>> = {
  nvmlDeviceGetCount: MOST_GPUS,
  nvmlDeviceGetCount_v2: MOST_GPUS,
  nvmlGetExcludedDeviceCount: MOST_GPUS,
  nvmlDeviceGetMaxMigDeviceCount: MOST_MIG_DEVICES,
  nvmlDeviceGetNumFans: MOST_FANS,
  nvmlUnitGetCount: MOST_UNITS,
};

/** All ones: how NVML says that there is no such number. */
const ABSENT = 0xffffffff;

/** The count that a function told; 0 where there cannot be so many. */
export const believable = (fn: FunctionName, count: number): number =>
  count <= (MOST[fn] ?? ABSENT) && count !== ABSENT ? count : 0;

/** Says why a count cannot be right; undefined where it can, or is all ones, which mean that there is no count. */
export function unbelievable(fn: FunctionName, count: unknown): string | undefined {
  const most = MOST[fn];
  if (most === undefined || count === ABSENT || !(Number(count) > most)) return undefined;
  return `${count} is more than there can be (${most})`;
}
