/** The program that calls NVML for another one is the standalone binary itself: instead of src/nvml/backend/child/program.ts. */
import { CALLS_ARGUMENT } from '../../src/nvml/backend/child/argument.js';
import type { Program } from '../../src/nvml/backend/child/program.js';

export const callsProgram = (library: string | undefined): Program => ({
  file: process.execPath,
  args: [CALLS_ARGUMENT, ...(library === undefined ? [] : [library])],
});
