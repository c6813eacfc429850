/** A command's work done once for nothing, in time that would pass for nothing. */
import type { Bound, Call, Driver, Handle } from '../nvml/call.js';
import { NVML_ERROR_UNINITIALIZED } from '../nvml/generated/constants.js';
import type { Session } from '../nvml/session.js';
import type { Context } from './context.js';

/**
 * Runs `work` on a GPU that answers nothing, while NVML opens on another thread (19 ms on an H100). No call is made,
 * but its symbols are found and the code is compiled: afterwards the same work takes half as long, 1 to 2 ms less (Node 24). Work that
 * takes longer than nvmlInit, as the report does, would hold up what follows it. Does nothing where a recording
 * answers.
 */
export function rehearse(context: Context, work: (session: Session) => void): void {
  const library = context.library?.();
  if (library === undefined) return;
  const gpu = { index: 0, handle: 0n as Handle, status: 0 };
  work({ driver: unanswering(library), gpus: [gpu], close: () => undefined });
}

/** A driver that prepares calls and refuses to make them, as NVML does before it is initialised. */
const unanswering = (library: Driver): Driver => ({
  source: library.source,
  bind: (call: Call, subject?: Handle): Bound | undefined => {
    const bound = library.bind(call, subject);
    if (bound === undefined) return undefined;
    const { memory } = bound;
    const run = (): number => NVML_ERROR_UNINITIALIZED;
    return { call, memory, status: NVML_ERROR_UNINITIALIZED, run, start: async () => run() };
  },
  close: () => undefined,
});
