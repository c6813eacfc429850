/** The program that calls NVML for another one is the standalone binary itself: instead of src/nvml/backend/child/program.ts. */
import { CALLS_ARGUMENT } from '../../src/nvml/backend/child/argument.js';
import type { Program } from '../../src/nvml/backend/child/program.js';
import { compileLater } from './jit.js';

export function callsProgram(library: string | undefined): Program {
  // This process loads no koffi, where the others do that.
  compileLater();
  return { file: process.execPath, args: [CALLS_ARGUMENT, ...(library === undefined ? [] : [library])] };
}
