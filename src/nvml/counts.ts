/** How many there can be of what NVML counts and lists. More than that is garbage: nothing loops so often, or takes memory for it. */
import { NVML_ERROR_NOT_SUPPORTED, NVML_ERROR_UNKNOWN } from './generated/constants.js';
import type { FunctionName } from './generated/functions.js';
import type { Status } from './status.js';

/** Minor numbers of /dev/nvidia0 and its neighbours have eight bits. */
const MOST_GPUS = 256;
/** A GPU is cut into seven at most (A100 to GB300); there is room for finer slices. */
const MOST_MIG_DEVICES = 64;
/** A unit is a chassis for GPUs. */
const MOST_UNITS = MOST_GPUS;
/** Servers are cooled by the chassis; cards have three fans at most. */
const MOST_FANS = 64;

/** Of what a field value counts: Grace has ten C2C links for each GPU, Blackwell five presets. */
export const MOST_C2C_LINKS = 64;
export const MOST_PRESET_PROFILES = 64;

const MOST: Readonly<Partial<Record<FunctionName, number>>> = {
  nvmlDeviceGetCount: MOST_GPUS,
  nvmlDeviceGetCount_v2: MOST_GPUS,
  nvmlGetExcludedDeviceCount: MOST_GPUS,
  nvmlDeviceGetMaxMigDeviceCount: MOST_MIG_DEVICES,
  nvmlUnitGetCount: MOST_UNITS,
  nvmlDeviceGetNumFans: MOST_FANS,
};

/** All ones: how NVML says that there is no such number. */
const ABSENT = 0xffffffff;

/** A count, or the status that says why there is none. */
export type Count = { readonly status: 0; readonly count: number } | { readonly status: Status };

/** The count that a function answered with its status. One that cannot be right is an unknown error. */
export function countOf(fn: FunctionName, status: Status, count: number): Count {
  if (status !== 0) return { status };
  if (count === ABSENT) return { status: NVML_ERROR_NOT_SUPPORTED };
  return unbelievable(fn, count) === undefined ? { status: 0, count } : { status: NVML_ERROR_UNKNOWN };
}

/** Says why a count cannot be right; undefined where it can, or is all ones, which mean that there is no count. */
export function unbelievable(fn: FunctionName, count: unknown): string | undefined {
  const most = MOST[fn];
  if (most === undefined || count === ABSENT || !(Number(count) > most)) return undefined;
  return `${count} is more than there can be (${most})`;
}

/**
 * The most memory for the items of one list: room for 600 000 processes, or a million samples. The longest lists that were
 * seen have some thousand items (accounted processes, 4000; H100, 580.159.04).
 */
const MOST_BYTES = 16 * 1024 * 1024;

/** Whether there may be so many items of a size in a list. */
export const isBelievable = (items: number, itemBytes: number): boolean => items * itemBytes <= MOST_BYTES;
