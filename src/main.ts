/** The process: arguments in, exit status out. */
import { main } from './cli.js';
import { ProcessIo } from './io.js';

// libuv's four worker threads are too few where every GPU has calls that wait: 16 calls of 60 ms took 241 ms.
process.env.UV_THREADPOOL_SIZE ??= '32';

const io = new ProcessIo();
void main(process.argv.slice(2), io).then((status) => {
  process.exitCode = status;
  // A loop that a signal ended reports that signal, as a program without a handler would.
  if (io.signal !== undefined) process.kill(process.pid, io.signal);
});
