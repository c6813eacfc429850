/** The process: arguments in, exit status out. */
import { readdirSync } from 'node:fs';
import { ProcessIo } from '../base/io.js';
import { CALLS_ARGUMENT } from '../nvml/backend/child/argument.js';
import { main } from './cli.js';

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

const [first, library] = process.argv.slice(2);
if (first === CALLS_ARGUMENT) {
  void import('../nvml/backend/child/make-calls.js').then(({ makeCalls }) => makeCalls(library));
} else {
  void main(process.argv.slice(2), new ProcessIo()).then((status) => {
    // All output is written. A natural end would free the heap first: 1 to 3 ms (Node 24).
    process.exit(status);
  });
}
