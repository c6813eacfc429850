/** Errors of the library: one class for each NVML status. */
import { NVML_ERROR_NOT_SUPPORTED } from '../generated/constants.js';
import { type Status, statusSymbol, statusWords } from '../status.js';

/** The text that nvmlErrorString has for a status: Not Supported, Insufficient Permissions, GPU is lost. */
export const errorText = (status: Status): string =>
  status === 0 ? 'Success' : status === NVML_ERROR_NOT_SUPPORTED ? 'Not Supported' : statusWords(status);

/**
 * An NVML call that failed. Every status has its own subclass, so that `instanceof NVMLError_NotSupported`
 * works; a status that this version does not know is a plain NVMLError.
 */
export class NVMLError extends Error {
  /** An error of another copy of this library (it was imported and required) is one of the class with its name. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked, which may be a subclass.
    return isInstance(this, value);
  }

  /** The class's name. An accessor, as are those of the subclasses: an error takes 0.6 us less without the fields. */
  override get name(): string {
    return 'NVMLError';
  }
  /** The constant's name: NVML_ERROR_NOT_SUPPORTED. */
  readonly symbol: string;

  constructor(
    /** The nvmlReturn_t. */
    readonly code: Status,
    /** The function, under the name that was called, versioned or not. */
    readonly fn?: string,
    message: string = errorText(code),
  ) {
    super(message);
    this.symbol = statusSymbol(code);
  }
}

function isInstance(asked: { readonly prototype: NVMLError }, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(asked, value)) return true;
  // Subclasses of these have no accessor of their own, and match only themselves.
  if (!Object.hasOwn(asked.prototype, 'name') || !(value instanceof Error) || !('symbol' in value))
    return false;
  if (typeof value.name !== 'string') return false;
  return asked === NVMLError ? value.name.startsWith('NVMLError') : value.name === asked.prototype.name;
}

/** A class for one status. */
export type NVMLErrorClass = new (fn?: string, message?: string) => NVMLError;
