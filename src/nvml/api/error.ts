/** Errors of the library: one class for each NVML status. */
import { NVML_ERROR_NOT_SUPPORTED } from '../generated/constants.js';
import { type Status, statusSymbol, statusWords } from '../status.js';

/** The text that nvmlErrorString has for a status: Not Supported, Insufficient Permissions, GPU is lost. */
export const errorText = (status: Status): string =>
  status === 0 ? 'Success' : status === NVML_ERROR_NOT_SUPPORTED ? 'Not Supported' : statusWords(status);

/**
 * A call that NVML refused. Every status has a subclass of its own, so that `instanceof NVMLError_NotSupported`
 * works; a status that this version does not know is a plain NVMLError.
 */
export class NVMLError extends Error {
  /** The class's name. An accessor, as are those of the subclasses: an error takes 0.6 us less without the fields. */
  override get name(): string {
    return 'NVMLError';
  }
  /** The constant's name: NVML_ERROR_NOT_SUPPORTED. */
  readonly symbol: string;

  constructor(
    /** The nvmlReturn_t. */
    readonly code: Status,
    /** Which function was called, where it was one. */
    readonly fn?: string,
    message: string = errorText(code),
  ) {
    super(message);
    this.symbol = statusSymbol(code);
  }
}

/** A class for one status. */
export type NVMLErrorClass = new (fn?: string, message?: string) => NVMLError;
