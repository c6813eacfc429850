/** Repeats a tick on a fixed period: no drift, and ticks that were missed are not made up for. */
import type { Io } from '../../base/io.js';

/** Runs `tick` once, or every `period` milliseconds until a signal or a closed pipe ends the program, or so many times. */
export async function loop(
  io: Io,
  period: number | undefined,
  tick: () => void | Promise<void>,
  times = Number.POSITIVE_INFINITY,
): Promise<void> {
  await tick();
  if (period === undefined) return;
  let next = io.elapsed() + period;
  for (let done = 1; done < times; done++) {
    const slept = io.sleepUntil(next);
    if (!(typeof slept === 'boolean' ? slept : await slept)) return;
    const pending = tick();
    if (pending !== undefined) await pending;
    const now = io.elapsed();
    next += period;
    if (next < now) next += Math.floor((now - next) / period) * period;
  }
}
