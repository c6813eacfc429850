/** Table: what the exit statuses mean, for the help and the manual page, and which of them NVML's statuses are. */
import { EXIT } from '../base/errors.js';

/**
 * From 2 on they are NVML's own numbers. Those of 550.163.01, with every status in nvmlDeviceGetCount, nvmlDeviceGetName and
 * nvmlInit; it ends with 255 for all that are not here, such as 7, 10, 16 or 999.
 */
export const EXIT_STATUSES: readonly (readonly [status: number, meaning: string])[] = [
  [0, 'success'],
  [1, 'the output could not be written, or koffi cannot be loaded'],
  [2, 'a wrong argument'],
  [3, 'not supported'],
  [4, 'no permission'],
  [5, 'some hosts of a fleet did not answer'],
  [6, 'no such device, or nothing found'],
  [8, 'a power cable is missing'],
  [9, 'the driver is not loaded'],
  [11, 'an interrupt problem with a GPU'],
  [12, 'the NVML library was not found'],
  [13, 'the NVML library lacks a function'],
  [14, 'the infoROM is corrupt'],
  [15, 'a GPU is lost'],
  [17, 'the operating system denies NVML access to a GPU'],
  [18, 'NVML and the kernel module have different versions'],
  [19, 'something is in use by another program'],
  [23, 'the GPU lacks resources'],
  [124, 'NVML, or all hosts of a fleet, did not answer in time; values that were read are printed'],
  [129, 'ended by SIGHUP'],
  [130, 'ended by SIGINT (Ctrl+C)'],
  [138, 'ended by SIGUSR1'],
  [141, 'the reader of the output closed the pipe'],
  [143, 'ended by SIGTERM'],
  [
    255,
    'an unknown option or subcommand, a log file that cannot be created, or any other NVML error: an unknown one, a timeout, a GPU that needs a reset',
  ],
];

const KNOWN: ReadonlySet<number> = new Set(EXIT_STATUSES.map(([status]) => status));

/** The exit status of a command that ends with a status of NVML, or one of its own. */
export const exitStatusOf = (status: number): number => (KNOWN.has(status) ? status : EXIT.unknownOption);
