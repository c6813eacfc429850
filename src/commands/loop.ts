/** Repeats a tick on a period of the clock: no drift, and ticks that were missed are not made up for. */
import type { Io } from '../io.js';

/** Runs `tick` once, or every `period` milliseconds until SIGINT, SIGTERM or a closed pipe. */
export async function loop(
  io: Io,
  period: number | undefined,
  tick: () => void | Promise<void>,
): Promise<void> {
  await tick();
  if (period === undefined) return;
  let next = io.now() + period;
  while (await io.sleepUntil(next)) {
    const pending = tick();
    if (pending !== undefined) await pending;
    const now = io.now();
    next += period;
    if (next < now) next += Math.floor((now - next) / period) * period;
  }
}
