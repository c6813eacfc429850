/** The process: arguments in, exit status out. */
import { readdirSync } from 'node:fs';
import { INIT_ARGUMENT } from '../nvml/backend/child/argument.js';
import { isProgram } from './early-start.js';

/**
 * Worker threads for the calls that wait: two for each GPU, as one of the calls takes as long as all others together, and
 * the one that NVML leaves to the program. libuv's four are too few for eight GPUs (16 calls of 60 ms took 241 ms), and each
 * costs 0.05 ms of every start.
 */
function workers(): number {
  try {
    return Math.max(2, 2 * readdirSync('/proc/driver/nvidia/gpus').length) + 1;
  } catch {
    return 5;
  }
}

process.env.UV_THREADPOOL_SIZE ??= String(workers());

const [, , , library, first] = process.argv;
if (!isProgram) {
  void import('../nvml/backend/child/make-calls.js').then(({ makeCalls }) =>
    makeCalls(library || undefined, first === INIT_ARGUMENT),
  );
} else {
  // In the same file, and made ready only here (tools/bundle.ts): the process that calls NVML needs nothing of it.
  void import('./run.js').then(({ run }) => run());
}
