/// <reference lib="esnext.disposable" preserve="true" />
/** Opens a machine. */
import type { OpenOptions, TimedOptions } from '../nvml/functions/options.js';
import { OpenMachine, WritableMachine } from './machine.js';
import type { Nvsmi, WritableNvsmi } from './nvsmi.js';
import { openMachine, openTimedMachine } from './opened.js';

/**
 * Opens this machine, or a recorded one: `open({ snapshot: 'h200-x2' })` answers without a GPU. Without options
 * the environment variables NVSMI_SNAPSHOT and NVSMI_NVML apply, as for the command.
 *
 * @throws NVMLError if NVML cannot be opened: NVMLError_LibraryNotFound, NVMLError_DriverNotLoaded …
 * @throws NVMLError_AlreadyInitialized if NVML is open with other `options`
 * @throws SnapshotError if the snapshot is invalid or missing: its message names the place in the file, or the known names
 * @throws KoffiNotFound if the package koffi, which calls NVML, is missing
 * @throws TypeError for invalid options
 */
export function open(options: OpenOptions & { readonly writable: true }): WritableNvsmi;
export function open(options?: OpenOptions): Nvsmi;
/**
 * Opens this machine so that an unresponsive driver blocks nothing: `await open({ timeout: 2000 })`. Only methods that return
 * promises work then, such as {@link Query.sampleAsync}; the others throw a TypeError.
 *
 * @throws the errors of the other form, and NVMLError with the message `No Answer`
 */
export function open(options: TimedOptions): Promise<Nvsmi>;
export function open(
  options: (OpenOptions | TimedOptions) & { readonly writable?: true } = {},
): Nvsmi | WritableNvsmi | Promise<Nvsmi> {
  // What is no object is refused with the options of the machine.
  if (!isPlain(options)) return new OpenMachine(openMachine(options));
  const { writable, ...others } = options;
  if (writable !== undefined && writable !== true) {
    throw new TypeError('open: writable must be true or omitted');
  }
  if (hasTimeout(others)) {
    if (writable) throw new TypeError('open: writable and timeout cannot be combined');
    return openTimedMachine(others).then((opened) => new OpenMachine(opened));
  }
  const opened = openMachine(others);
  return writable ? new WritableMachine(opened) : new OpenMachine(opened);
}

const isPlain = (options: unknown): boolean =>
  typeof options === 'object' && options !== null && !Array.isArray(options);

const hasTimeout = (options: OpenOptions | TimedOptions): options is TimedOptions =>
  'timeout' in Object(options) && (options as Partial<TimedOptions>).timeout !== undefined;
