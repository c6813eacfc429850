/// <reference lib="esnext.disposable" preserve="true" />
/** Opens a machine. */
import type { OpenOptions, TimedOptions } from '../nvml/functions/options.js';
import { OpenMachine, WritableMachine } from './machine.js';
import type { Nvsmi, WritableNvsmi } from './nvsmi.js';
import { openMachine, openTimedMachine } from './opened.js';

/**
 * Opens this machine, or a recorded one: `open({ snapshot: 'h200-x2' })` answers without a GPU. Without options
 * NVSMI_SNAPSHOT and NVSMI_NVML of the environment say which, as for the program.
 *
 * @throws NVMLError where NVML cannot be opened: NVMLError_LibraryNotFound, NVMLError_DriverNotLoaded …
 * @throws NVMLError_AlreadyInitialized where NVML is open with other `options`
 * @throws SnapshotError where the snapshot is invalid: its message names the place in the file, or what there is
 * @throws KoffiNotFound where the package koffi is missing, through which NVML is called
 * @throws TypeError for invalid options
 */
export function open(options: OpenOptions & { readonly writable: true }): WritableNvsmi;
export function open(options?: OpenOptions): Nvsmi;
/**
 * Opens this machine so that a driver that does not answer holds up nothing: `await open({ timeout: 2000 })`. Every question takes
 * a promise then, {@link Query.sampleAsync} among them; the others throw a TypeError.
 *
 * @throws what the other form throws, and NVMLError with the message `No Answer`
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
