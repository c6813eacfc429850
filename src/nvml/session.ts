/** A session: NVML initialised, and the GPUs that it counts. */
import { plainly } from '../base/plain-text.js';
import { PRESENT, releaseIn } from '../base/release.js';
import type { Bound, Call, Driver, Handle } from './call.js';
import { callOf } from './call-of.js';
import { countOf, unbelievable } from './counts.js';
import {
  NVML_ERROR_DRIVER_NOT_LOADED,
  NVML_ERROR_FUNCTION_NOT_FOUND,
  NVML_ERROR_LIB_RM_VERSION_MISMATCH,
  NVML_ERROR_LIBRARY_NOT_FOUND,
  NVML_ERROR_NO_PERMISSION,
  NVML_ERROR_UNINITIALIZED,
} from './generated/constants.js';
import {
  nvmlDeviceGetCount_v2,
  nvmlDeviceGetHandleByIndex_v2,
  nvmlInit_v2,
  nvmlInitWithFlags,
  nvmlShutdown,
  nvmlSystemGetNVMLVersion,
} from './generated/entries.js';
import { readText } from './memory.js';
import {
  DeadLibrary,
  NO_LIBRARY,
  NO_NUMBER,
  type Status,
  statusReason,
  statusWords,
  UncountedGpus,
} from './status.js';

/** A GPU that NVML counts. One that fell off the bus, or was not wanted, keeps its index, without a handle. */
export interface Gpu {
  readonly index: number;
  readonly handle: Handle | undefined;
  /** 0, or why there is no handle. */
  readonly status: Status;
  /** PCI address of a GPU without a handle, where the system has it: 0000:34:00.0. */
  readonly busId?: string;
}

export interface Session {
  readonly driver: Driver;
  readonly gpus: readonly Gpu[];
  /** The driver's release whose nvidia-smi is followed, where it is not that of the driver in use. */
  readonly as?: number | undefined;
  close(): void;
}

/** Runs a call once; the status of a missing symbol is FUNCTION_NOT_FOUND. */
export function ask(
  driver: Driver,
  what: Call,
  subject?: Handle,
): { status: Status; memory: Bound['memory'] } {
  const bound = driver.bind(what, subject);
  if (bound === undefined) return { status: NVML_ERROR_FUNCTION_NOT_FOUND, memory: [] };
  return { status: bound.run(), memory: bound.memory };
}

/** The same, in another process, too. */
export async function askAnywhere(driver: Driver, what: Call): Promise<ReturnType<typeof ask>> {
  if (!driver.isElsewhere) return ask(driver, what);
  const bound = driver.bind(what);
  const status = (await bound?.start()) ?? NVML_ERROR_FUNCTION_NOT_FOUND;
  return { status, memory: bound?.memory ?? [] };
}

/** nvmlInit under its unversioned name is the first version, which the header no longer declares. */
const INIT = [callOf(nvmlInit_v2), callOf(nvmlInitWithFlags, { flags: 0 })];
const COUNT = callOf(nvmlDeviceGetCount_v2);
const byIndex = (index: number): Call => callOf(nvmlDeviceGetHandleByIndex_v2, { index });

/** Version of the loaded kernel module, for the message of a mismatch. */
type KernelVersion = () => string | undefined;

/** Initialises NVML and attaches its GPUs. Throws DeadLibrary with the status of nvmlInit, and UncountedGpus. */
export function openSession(driver: Driver, kernelVersion?: KernelVersion): Session {
  const status = run(bindNewest(driver, INIT));
  if (status !== 0) {
    const asked = status === NVML_ERROR_LIB_RM_VERSION_MISMATCH ? driver.bind(LIBRARY_VERSION) : undefined;
    throw initFailure(status, versionIn(run(asked), asked), kernelVersion);
  }
  return session(driver, attach(driver));
}

/** The GPUs of an initialised NVML. Throws UncountedGpus. */
export function attach(driver: Driver): readonly Gpu[] {
  const counting = driver.bind(COUNT);
  return counted(counting, run(counting)).map((index) => attached(index, ask(driver, byIndex(index))));
}

/**
 * The same on worker threads: nvmlInit takes 10 to 15 ms and attaching 7 ms a GPU (H100), in which the caller can
 * load what it needs next, and the GPUs are attached side by side. A comma list of nothing but indexes names the only
 * GPUs that are wanted: the others keep their places and are not attached.
 */
export async function startSession(
  driver: Driver,
  kernelVersion?: KernelVersion,
  wanted?: string,
): Promise<Session> {
  const initialising = startNewest(driver, INIT);
  // Looking up the next symbols needs no NVML: it is done while the caller waits for it anyway.
  const counting = driver.bind(COUNT);
  // Another process makes these calls in their order: both are sent at once.
  const elsewhere = driver.isElsewhere ? start(counting) : undefined;
  // What fails both is said of the first.
  elsewhere?.catch(() => undefined);
  const attaching = driver.bind(byIndex(0));
  const status = await initialising;
  if (status !== 0) throw initFailure(status, await startedVersion(driver, status), kernelVersion);
  // The count takes no time where NVML is in this process.
  const indexes = counted(counting, elsewhere === undefined ? run(counting) : await elsewhere);
  const only = wanted === undefined ? undefined : indexesIn(wanted, indexes.length);
  const gpus = indexes.map(async (index) => {
    if (only !== undefined && !only.has(index)) return detached(index);
    const bound = index === 0 ? attaching : driver.bind(byIndex(index));
    return attached(index, { status: await start(bound), memory: bound?.memory ?? [] });
  });
  return session(driver, await Promise.all(gpus));
}

/** The indexes in a comma list; undefined where the list names GPUs in another way, too. */
function indexesIn(list: string, count: number): ReadonlySet<number> | undefined {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.every((name) => /^\d+$/.test(name) && Number(name) < count)
    ? new Set(names.map(Number))
    : undefined;
}

/** A GPU that was not asked for. */
const detached = (index: number): Gpu => ({ index, handle: undefined, status: NVML_ERROR_UNINITIALIZED });

/** The first of the calls that the library has. */
function bindNewest(driver: Driver, calls: readonly Call[]): Bound | undefined {
  for (const what of calls) {
    const bound = driver.bind(what);
    if (bound !== undefined) return bound;
  }
  return undefined;
}

/** The same, called on a worker thread. */
async function startNewest(driver: Driver, calls: readonly Call[]): Promise<Status> {
  for (const what of calls) {
    const bound = driver.bind(what);
    const status = await start(bound);
    if (bound !== undefined && !bound.isMissing) return status;
  }
  return NVML_ERROR_FUNCTION_NOT_FOUND;
}

const run = (bound: Bound | undefined): Status =>
  bound === undefined ? NVML_ERROR_FUNCTION_NOT_FOUND : bound.run();

const start = async (bound: Bound | undefined): Promise<Status> =>
  bound === undefined ? NVML_ERROR_FUNCTION_NOT_FOUND : bound.start();

const session = (driver: Driver, gpus: readonly Gpu[]): Session => ({
  driver,
  gpus,
  close: () => {
    ask(driver, callOf(nvmlShutdown));
    driver.close();
  },
});

/** The version of the library, for the message of a mismatch. */
async function startedVersion(driver: Driver, status: Status): Promise<string | undefined> {
  if (status !== NVML_ERROR_LIB_RM_VERSION_MISMATCH) return undefined;
  const bound = driver.bind(LIBRARY_VERSION);
  return versionIn(await start(bound), bound);
}

/** The indexes of all GPUs that NVML counts. Without a count nothing is known of them: none is not the same. */
function counted(counting: Bound | undefined, status: Status): readonly number[] {
  const answered = counting?.memory[0]?.readUInt32LE(0) ?? 0;
  const counted = countOf(COUNT.fn, status, answered);
  if ('count' in counted) return Array.from({ length: counted.count }, (_, index) => index);
  const why = status === 0 ? unbelievable(COUNT.fn, answered) : undefined;
  throw new UncountedGpus(counted.status, why ?? statusReason(counted.status));
}

function attached(index: number, { status, memory }: ReturnType<typeof ask>): Gpu {
  const found = status === 0 ? memory[0]?.readBigUInt64LE(0) : undefined;
  return { index, handle: found as Handle | undefined, status };
}

/** nvidia-smi's own words (H100 with failing calls, 580.159.04), and what to do about it. */
function initFailure(
  status: Status,
  libraryVersion: string | undefined,
  kernelVersion?: KernelVersion,
): DeadLibrary {
  switch (status) {
    case NVML_ERROR_DRIVER_NOT_LOADED:
      return new DeadLibrary(
        status,
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n",
        'The nvidia kernel module is not loaded (modprobe nvidia), or not built for the running kernel.',
      );
    case NVML_ERROR_NO_PERMISSION:
      return new DeadLibrary(
        status,
        'Failed to initialize NVML: Insufficient Permissions',
        'Check the rights of this user on /dev/nvidiactl and /dev/nvidia*.',
      );
    case NVML_ERROR_LIB_RM_VERSION_MISMATCH: {
      const library = libraryVersion ?? 'unknown';
      const kernel = kernelVersion?.() ?? 'unknown';
      return new DeadLibrary(
        status,
        `Failed to initialize NVML: Driver/library version mismatch${libraryLine(library)}`,
        plainly`The library is ${library}, the loaded kernel module ${kernel}: the driver was upgraded while its old module stayed loaded. Reload the module or reboot.`,
        isBefore535(library) ? NO_NUMBER : undefined,
      );
    }
    case NVML_ERROR_LIBRARY_NOT_FOUND:
      return new DeadLibrary(status, NO_LIBRARY);
    default:
      return new DeadLibrary(status, `Failed to initialize NVML: ${statusWords(status)}`);
  }
}

/** nvidia-smi 525 and older do not name the library, and end with 255 (470, 525 on the fake). */
const isBefore535 = (library: string): boolean => (releaseIn(library) ?? PRESENT) < 535;

const libraryLine = (library: string): string =>
  isBefore535(library) ? '' : `\n${plainly`NVML library version: ${shortVersion(library)}`}`;

/** The first two numbers of a version: nvidia-smi prints 580.159 of 580.159.04. */
export const shortVersion = (version: string): string => version.split('.').slice(0, 2).join('.');

/** The library's own version, which NVML returns even when it cannot be initialised. */
const LIBRARY_VERSION = callOf(nvmlSystemGetNVMLVersion);

function versionIn(status: Status, bound: Bound | undefined): string | undefined {
  const memory = bound?.memory[0];
  return status !== 0 || memory === undefined ? undefined : withoutCudaMajor(readText(memory, 0, 80));
}

/** Since CUDA 13 the library's version has CUDA's major version in front (13.580.159.04), which is not part of the driver's. */
export const withoutCudaMajor = (version: string): string => version.replace(/^\d{1,2}\.(?=\d{3}\.)/, '');
