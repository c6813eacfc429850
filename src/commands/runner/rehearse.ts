/** A command's work done once for nothing, in time that would pass for nothing. */
import type { Bound, Call, Driver, Handle } from '../../nvml/call.js';
import { NVML_ERROR_UNINITIALIZED } from '../../nvml/generated/constants.js';
import { Asker } from '../../query/ask/asker.js';
import type { Subject } from '../../query/ask/subject.js';
import type { Context } from '../context.js';

/** A part of the work, about one GPU. */
export type RehearsedStep = (asker: Asker, gpus: readonly Subject[]) => Promise<unknown>;

/**
 * Does the work in steps on a GPU that answers nothing, until NVML is open (19 ms on an H100). No call is made, but its
 * symbols are found and the code is compiled: without it `-q -x` of two H200s took 8 % longer, `-q -d TEMPERATURE` 9 % and the
 * summary 4 % (Bun 1.4.5, 580.159.04). Does nothing where a recording answers.
 */
export async function rehearse(context: Context, steps: readonly RehearsedStep[]): Promise<void> {
  const library = context.library?.();
  if (library === undefined) return;
  let isOpen = false;
  const opened = (): void => {
    isOpen = true;
  };
  context.machine().then(opened, opened);
  const gpu = { index: 0, handle: 0n as Handle, status: 0 };
  const asker = new Asker({ driver: unanswering(library), gpus: [gpu], close: () => undefined });
  for (const step of steps) {
    if (isOpen) return;
    await step(asker, [gpu]);
    // A turn of the event loop: the end of nvmlInit is seen in time, and the GPUs are attached.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A driver that prepares calls and refuses to make them, as NVML does before it is initialised. */
const unanswering = (library: Driver): Driver => ({
  source: library.source,
  // What is asked of another process is asked in a way of its own.
  ...(library.isElsewhere ? { isElsewhere: true as const } : {}),
  bind: (call: Call, subject?: Handle): Bound | undefined => {
    const bound = library.bind(call, subject);
    if (bound === undefined) return undefined;
    const { memory } = bound;
    const run = (): number => NVML_ERROR_UNINITIALIZED;
    return { call, memory, status: NVML_ERROR_UNINITIALIZED, run, start: async () => run() };
  },
  close: () => undefined,
});
