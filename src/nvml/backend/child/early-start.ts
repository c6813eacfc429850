/** Starts the process that calls NVML, where this is not it: imported before all that takes time to load. */
import { CALLS_ARGUMENT } from './argument.js';
import { startEarly } from './early.js';

/** Whether this is the program, and not the process that calls NVML for it. */
export const isProgram: boolean = process.argv[2] !== CALLS_ARGUMENT;

if (isProgram) startEarly(process.argv.slice(2), process.env);
