/** Finds the pointers of handles in a process that has not given them out: the question of each is asked there again. */
import type { Handle } from '../../call.js';
import { NVML_ERROR_UNINITIALIZED } from '../../generated/constants.js';
import type { Status } from '../../status.js';
import type { Clock } from './clock.js';
import type { Handles } from './handles.js';
import type { NvmlProcess } from './nvml-process.js';
import { MOVED, type Moved } from './waiting.js';

/** Undefined where the process does not answer. */
type FoundStatus = Status | Moved | undefined;

export class HandleFinder {
  constructor(private readonly handles: Handles) {}

  /** All of them, one after another. */
  async all(handles: readonly Handle[], child: NvmlProcess, clock: Clock): Promise<FoundStatus> {
    for (const handle of handles) {
      const status = child.pointers.has(handle) ? 0 : await this.once(handle, child, clock);
      if (status !== 0) return status;
    }
    return 0;
  }

  /** One, for all who need it at a time. */
  private once(handle: Handle, child: NvmlProcess, clock: Clock): Promise<FoundStatus> {
    let finding = child.finding.get(handle);
    if (finding === undefined) {
      finding = this.one(handle, child, clock).finally(() => child.finding.delete(handle));
      child.finding.set(handle, finding);
    }
    return finding;
  }

  private async one(handle: Handle, child: NvmlProcess, clock: Clock): Promise<FoundStatus> {
    const from = this.handles.origin(handle)?.from;
    if (from === undefined) return 0;
    // Another set would have none of its events.
    if (from.call.fn === 'nvmlEventSetCreate') return NVML_ERROR_UNINITIALIZED;
    const status = await this.all(from.handles, child, clock);
    if (status !== 0) return status;
    if (child.isStuck(from.lane)) return undefined;
    const answered = await child.ask(from, clock);
    if (answered === MOVED) return MOVED;
    // Another question may have found it meanwhile.
    if (answered?.status === 0 && !child.pointers.has(handle)) {
      this.handles.take(from, answered.memory, child.pointers, handle);
    }
    return answered?.status;
  }
}
