/** Ends a process with the one that started it, also inside a call of NVML that never returns: the kernel does it. */
import { koffi } from './koffi.js';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** From here on, this process is killed when the thread that started it ends. Where there is no such signal, nothing is done. */
export function endWithParent(): void {
  try {
    koffi().load(null).func('int prctl(int, int)')(PR_SET_PDEATHSIG, SIGKILL);
  } catch {
    // Not Linux, or no koffi: it ends when it next reads or writes.
  }
}
