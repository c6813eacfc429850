/** An open NVML: initialised, with its GPUs. */
import { type Bound, type Call, call, type Driver, type Handle, handle, SUBJECT, text, u32 } from './call.js';
import {
  NVML_ERROR_DRIVER_NOT_LOADED,
  NVML_ERROR_FUNCTION_NOT_FOUND,
  NVML_ERROR_LIB_RM_VERSION_MISMATCH,
  NVML_ERROR_NO_PERMISSION,
} from './generated/constants.js';
import { readText } from './memory.js';
import { DeadLibrary, type Status, statusWords } from './status.js';

/** A GPU that NVML counts. One that fell off the bus keeps its index, without a handle. */
export interface Gpu {
  readonly index: number;
  readonly handle: Handle | undefined;
  /** 0, or why there is no handle. */
  readonly status: Status;
}

export interface Session {
  readonly driver: Driver;
  readonly gpus: readonly Gpu[];
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

/** The first of the calls that the library has. */
function askNewest(driver: Driver, calls: readonly Call[]): { status: Status; memory: Bound['memory'] } {
  for (const what of calls) {
    const answer = ask(driver, what);
    if (answer.status !== NVML_ERROR_FUNCTION_NOT_FOUND) return answer;
  }
  return { status: NVML_ERROR_FUNCTION_NOT_FOUND, memory: [] };
}

/** nvmlInit under its unversioned name is the first version, which the header no longer declares. */
const INIT = [call('nvmlInit_v2'), call('nvmlInitWithFlags', 0)];

/**
 * Initialises NVML and attaches its GPUs.
 * Throws DeadLibrary with the status of nvmlInit. `kernelVersion` is the version of the loaded kernel
 * module, for the message of a mismatch.
 */
export function openSession(driver: Driver, kernelVersion?: () => string | undefined): Session {
  const { status } = askNewest(driver, INIT);
  if (status !== 0) throw new DeadLibrary(status, initFailure(driver, status, kernelVersion));
  return {
    driver,
    gpus: attach(driver),
    close: () => {
      ask(driver, call('nvmlShutdown'));
      driver.close();
    },
  };
}

function attach(driver: Driver): readonly Gpu[] {
  const { status, memory } = ask(driver, call('nvmlDeviceGetCount_v2', u32()));
  if (status !== 0) return [];
  const count = memory[0]?.readUInt32LE(0) ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const answer = ask(driver, call('nvmlDeviceGetHandleByIndex_v2', index, handle()));
    if (answer.status !== 0) return { index, handle: undefined, status: answer.status };
    return { index, handle: answer.memory[0]?.readBigUInt64LE(0) as Handle, status: 0 };
  });
}

/** MIG devices of a GPU, in order. NVML numbers them with gaps. */
export function migDevices(driver: Driver, gpu: Gpu): readonly Handle[] {
  if (gpu.handle === undefined) return [];
  const count = ask(driver, call('nvmlDeviceGetMaxMigDeviceCount', SUBJECT, u32()), gpu.handle);
  const length = count.status === 0 ? (count.memory[0]?.readUInt32LE(0) ?? 0) : 0;
  return Array.from({ length }, (_, i) => {
    const mig = ask(driver, call('nvmlDeviceGetMigDeviceHandleByIndex', SUBJECT, i, handle()), gpu.handle);
    return mig.status === 0 ? [mig.memory[0]?.readBigUInt64LE(0) as Handle] : [];
  }).flat();
}

function initFailure(driver: Driver, status: Status, kernelVersion?: () => string | undefined): string {
  switch (status) {
    case NVML_ERROR_DRIVER_NOT_LOADED:
      return [
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
        'The nvidia kernel module is not loaded (modprobe nvidia), or not built for the running kernel.',
      ].join('\n');
    case NVML_ERROR_NO_PERMISSION:
      return [
        'Failed to initialize NVML: Insufficient Permissions',
        'Check the rights of this user on /dev/nvidiactl and /dev/nvidia*.',
      ].join('\n');
    case NVML_ERROR_LIB_RM_VERSION_MISMATCH: {
      const library = libraryVersion(driver) ?? 'unknown';
      const kernel = kernelVersion?.() ?? 'unknown';
      return [
        'Failed to initialize NVML: Driver/library version mismatch',
        `NVML library version: ${library}, loaded kernel module: ${kernel}.`,
        'The driver was upgraded while its old kernel module stayed loaded: reload the module or reboot.',
      ].join('\n');
    }
    default:
      return `Failed to initialize NVML: ${statusWords(status)}`;
  }
}

/** The library's own version, which NVML tells even when it cannot be initialised. */
function libraryVersion(driver: Driver): string | undefined {
  const { status, memory } = ask(driver, call('nvmlSystemGetNVMLVersion', text(80)));
  return status === 0 && memory[0] !== undefined ? readText(memory[0], 0, 80) : undefined;
}
