/** The statuses of NVML, and the readings that have a status in place of a value. */
import * as nvml from './generated/constants.js';

/** An nvmlReturn_t: 0 is success, anything else says why there is no answer. */
export type Status = number;

/**
 * Ours: NVML was asked and did not answer in time. NVML's own statuses end at 31 and 999 (13.3); this is the number that
 * timeout(1) ends with, so it is the exit status, too.
 */
export const NO_ANSWER: Status = 124;

/** Whether NVML does not know a function, or the version of its struct: an older form of it should be tried. */
export const isTooNew = (status: Status): boolean =>
  status === nvml.NVML_ERROR_FUNCTION_NOT_FOUND || status === nvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH;

/** A reading that has no value, and the NVML status that says why. Zero is never absence. */
export class Missing {
  private constructor(
    readonly status: Status,
    /** CSV prints its words without brackets. */
    readonly bare = false,
  ) {}

  /** A value that says nothing in the state that the GPU is in. */
  static readonly notApplicable = new Missing(nvml.NVML_ERROR_NOT_SUPPORTED, true);

  /** All ones in place of a value. */
  static readonly allOnes = new Missing(nvml.NVML_ERROR_NOT_SUPPORTED);

  private static readonly known = new Map<Status, Missing>();

  /** One shared object per status: a loop makes no garbage for what stays absent. */
  static of(status: Status): Missing {
    let missing = Missing.known.get(status);
    if (missing === undefined) {
      missing = new Missing(status);
      Missing.known.set(status, missing);
    }
    return missing;
  }

  /** Its words: a reading that is put into a text unchecked still says that it is missing. */
  toString(): string {
    return statusWords(this.status);
  }
}

/**
 * The reading of something that means nothing in the GPU's present state. nvidia-smi prints it as a value of its
 * own: N/A, where what the GPU does not have is [N/A] (fabric.* of an H100 and an RTX 4090's answers, 580.159.04).
 */
export const NOT_APPLICABLE = Missing.notApplicable;

/** The reading of something that the GPU does not have. */
export const NOT_SUPPORTED = Missing.of(nvml.NVML_ERROR_NOT_SUPPORTED);

/** NVML has answered all ones. No recorded GPU does so, but for what nvml.h says of them (`noneByOnes`): it is no answer that can be true. */
export const ALL_ONES = Missing.allOnes;

/** Whether a reading is of something that the GPU does not have, as its status or as all ones say. */
export const isNotSupported = (reading: unknown): boolean =>
  reading === NOT_SUPPORTED || reading === ALL_ONES;

/** The reading of something of which nvml.h says that all ones are none: the memory of a process, the instance of a vGPU. */
export const noneByOnes = <T>(reading: T): T | Missing => (reading === ALL_ONES ? NOT_SUPPORTED : reading);

/**
 * Constant name and words of every status. The words are those of nvmlErrorString (driver 580.159.04, in every bundled
 * recording), which nvidia-smi prints in place of a value, in brackets in CSV; Not Supported it prints as N/A.
 */
const STATUSES: Readonly<Record<Status, readonly [symbol: string, words: string]>> = {
  [nvml.NVML_SUCCESS]: ['NVML_SUCCESS', 'Success'],
  [nvml.NVML_ERROR_UNINITIALIZED]: ['NVML_ERROR_UNINITIALIZED', 'Uninitialized'],
  [nvml.NVML_ERROR_INVALID_ARGUMENT]: ['NVML_ERROR_INVALID_ARGUMENT', 'Invalid Argument'],
  [nvml.NVML_ERROR_NOT_SUPPORTED]: ['NVML_ERROR_NOT_SUPPORTED', 'N/A'],
  [nvml.NVML_ERROR_NO_PERMISSION]: ['NVML_ERROR_NO_PERMISSION', 'Insufficient Permissions'],
  [nvml.NVML_ERROR_ALREADY_INITIALIZED]: ['NVML_ERROR_ALREADY_INITIALIZED', 'Already Initialized'],
  [nvml.NVML_ERROR_NOT_FOUND]: ['NVML_ERROR_NOT_FOUND', 'Not Found'],
  [nvml.NVML_ERROR_INSUFFICIENT_SIZE]: ['NVML_ERROR_INSUFFICIENT_SIZE', 'Insufficient Size'],
  [nvml.NVML_ERROR_INSUFFICIENT_POWER]: ['NVML_ERROR_INSUFFICIENT_POWER', 'Insufficient External Power'],
  [nvml.NVML_ERROR_DRIVER_NOT_LOADED]: ['NVML_ERROR_DRIVER_NOT_LOADED', 'Driver Not Loaded'],
  [nvml.NVML_ERROR_TIMEOUT]: ['NVML_ERROR_TIMEOUT', 'Timeout'],
  [nvml.NVML_ERROR_IRQ_ISSUE]: ['NVML_ERROR_IRQ_ISSUE', 'Interrupt Request Issue'],
  [nvml.NVML_ERROR_LIBRARY_NOT_FOUND]: ['NVML_ERROR_LIBRARY_NOT_FOUND', 'NVML Shared Library Not Found'],
  [nvml.NVML_ERROR_FUNCTION_NOT_FOUND]: ['NVML_ERROR_FUNCTION_NOT_FOUND', 'Function Not Found'],
  [nvml.NVML_ERROR_CORRUPTED_INFOROM]: ['NVML_ERROR_CORRUPTED_INFOROM', 'Corrupted infoROM'],
  [nvml.NVML_ERROR_GPU_IS_LOST]: ['NVML_ERROR_GPU_IS_LOST', 'GPU is lost'],
  [nvml.NVML_ERROR_RESET_REQUIRED]: ['NVML_ERROR_RESET_REQUIRED', 'GPU requires reset'],
  [nvml.NVML_ERROR_OPERATING_SYSTEM]: [
    'NVML_ERROR_OPERATING_SYSTEM',
    'GPU access blocked by the operating system',
  ],
  [nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH]: [
    'NVML_ERROR_LIB_RM_VERSION_MISMATCH',
    'Driver/library version mismatch',
  ],
  [nvml.NVML_ERROR_IN_USE]: ['NVML_ERROR_IN_USE', 'In use by another client'],
  [nvml.NVML_ERROR_MEMORY]: ['NVML_ERROR_MEMORY', 'Insufficient Memory'],
  [nvml.NVML_ERROR_NO_DATA]: ['NVML_ERROR_NO_DATA', 'No data'],
  [nvml.NVML_ERROR_VGPU_ECC_NOT_SUPPORTED]: ['NVML_ERROR_VGPU_ECC_NOT_SUPPORTED', 'vGPU ECC not supported'],
  [nvml.NVML_ERROR_INSUFFICIENT_RESOURCES]: ['NVML_ERROR_INSUFFICIENT_RESOURCES', 'Insufficient Resources'],
  [nvml.NVML_ERROR_FREQ_NOT_SUPPORTED]: ['NVML_ERROR_FREQ_NOT_SUPPORTED', 'Invalid Frequency'],
  [nvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH]: [
    'NVML_ERROR_ARGUMENT_VERSION_MISMATCH',
    'Argument version mismatch',
  ],
  [nvml.NVML_ERROR_DEPRECATED]: ['NVML_ERROR_DEPRECATED', 'Requested functionality has been deprecated'],
  [nvml.NVML_ERROR_NOT_READY]: ['NVML_ERROR_NOT_READY', 'System is not in ready state'],
  [nvml.NVML_ERROR_GPU_NOT_FOUND]: ['NVML_ERROR_GPU_NOT_FOUND', 'No supported GPUs were found'],
  [nvml.NVML_ERROR_INVALID_STATE]: [
    'NVML_ERROR_INVALID_STATE',
    'Resource not in correct state to perform requested operation',
  ],
  [nvml.NVML_ERROR_RESET_TYPE_NOT_SUPPORTED]: [
    'NVML_ERROR_RESET_TYPE_NOT_SUPPORTED',
    'Reset type is not supported for given device',
  ],
  [nvml.NVML_ERROR_UNKNOWN]: ['NVML_ERROR_UNKNOWN', 'Unknown Error'],
  [NO_ANSWER]: ['NVSMI_NO_ANSWER', 'No Answer'],
};

/** The words for a status as `-q` prints them: N/A, Not Found, GPU is lost, Unknown Error. */
export function statusWords(status: Status): string {
  return STATUSES[status]?.[1] ?? 'Unknown Error';
}

/** Why a value is absent, for JSON: what `-q` prints as N/A is Not Supported here. */
export function statusReason(status: Status): string {
  return status === nvml.NVML_ERROR_NOT_SUPPORTED ? 'Not Supported' : statusWords(status);
}

/** The constant's name for a status, e.g. NVML_ERROR_NOT_SUPPORTED. */
export function statusSymbol(status: Status): string {
  return STATUSES[status]?.[0] ?? `NVML_ERROR_${status}`;
}

/** The status of a constant's name, or undefined. */
export function statusFromSymbol(symbol: string): Status | undefined {
  const found = Object.entries(STATUSES).find(([, [name]]) => name === symbol);
  return found === undefined ? undefined : Number(found[0]);
}

/** The status of its words, or undefined. */
export function statusFromWords(words: string): Status | undefined {
  const found = Object.entries(STATUSES).find(([, [, known]]) => known === words);
  return found === undefined ? undefined : Number(found[0]);
}

/** There is no NVML, in nvidia-smi's words (public outputs; 470 to 550 on the fake). */
export const NO_LIBRARY = [
  "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display Driver is properly installed and present in your system.",
  'Please also try adding directory that contains libnvidia-ml.so to your system PATH.',
].join('\n');

/** The exit status of what nvidia-smi has no number for. */
export const NO_NUMBER = 255;

/** NVML's statuses that are exit statuses of another meaning. nvidia-smi ends with 255 (470 to 550 on the fake). */
const OTHERWISE: ReadonlySet<Status> = new Set([
  nvml.NVML_ERROR_UNINITIALIZED,
  nvml.NVML_ERROR_ALREADY_INITIALIZED,
]);

/** NVML cannot be used at all: not found, not loaded, refused. Ends the program with the exit status. */
export class DeadLibrary extends Error {
  override readonly name = 'DeadLibrary';

  constructor(
    readonly status: Status,
    message: string,
    /** What to do about it, for a person. */
    readonly hint?: string,
    readonly exit: number = OTHERWISE.has(status) ? NO_NUMBER : status,
  ) {
    super(message);
  }
}

/** NVML is initialised and does not say how many GPUs there are. The message ends as nvidia-smi's does, without a line's end. */
export class UncountedGpus extends DeadLibrary {
  readonly ending = '';

  constructor(
    status: Status,
    /** The words of the status, or what is wrong with the number. */
    readonly reason: string,
  ) {
    super(status, 'Unable to determine the number of GPUs', `nvmlDeviceGetCount: ${reason}`);
  }

  /** Known by what it has: each bundle of the program has a class of its own. */
  static isOne(error: unknown): error is UncountedGpus {
    return error instanceof Error && error.name === 'DeadLibrary' && 'reason' in error;
  }
}
