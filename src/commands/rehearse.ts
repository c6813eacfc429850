/** A command's work done once for nothing, in time that would pass for nothing. */
import type { Bound, Call, Driver, Handle } from '../nvml/call.js';
import { NVML_ERROR_UNINITIALIZED } from '../nvml/generated/constants.js';
import type { Session } from '../nvml/session.js';
import type { Context } from './context.js';

/** A part of the work, on a session with one GPU. */
export type Step = (session: Session) => void;

/**
 * Does the work in steps on a GPU that answers nothing, until NVML is open (19 ms on an H100). No call is made, but its
 * symbols are found and the code is compiled: afterwards the same work takes half as long or less, 1 ms instead of
 * 2 for eight fields and 2 ms instead of 7 for all (Node 24). Does nothing where a recording answers.
 */
export async function rehearse(context: Context, steps: Iterable<Step>): Promise<void> {
  const library = context.library?.();
  if (library === undefined) return;
  let isOpen = false;
  const opened = (): void => {
    isOpen = true;
  };
  context.machine().then(opened, opened);
  const gpu = { index: 0, handle: 0n as Handle, status: 0 };
  const session: Session = { driver: unanswering(library), gpus: [gpu], close: () => undefined };
  for (const step of steps) {
    if (isOpen) return;
    step(session);
    // A turn of the event loop: the end of nvmlInit is seen in time, and the GPUs are attached.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A list in pieces of so many, to make steps of. */
export function* pieces<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size);
}

/** A driver that prepares calls and refuses to make them, as NVML does before it is initialised. */
const unanswering = (library: Driver): Driver => ({
  source: library.source,
  sawLostGpu: false,
  bind: (call: Call, subject?: Handle): Bound | undefined => {
    const bound = library.bind(call, subject);
    if (bound === undefined) return undefined;
    const { memory } = bound;
    const run = (): number => NVML_ERROR_UNINITIALIZED;
    return { call, memory, status: NVML_ERROR_UNINITIALIZED, run, start: async () => run() };
  },
  close: () => undefined,
});
