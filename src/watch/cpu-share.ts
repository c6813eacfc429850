/** The share of one CPU that a process uses, in percent. */
import { NOT_SUPPORTED } from '../nvml/status.js';
import type { Reading } from '../query/reading.js';
import type { HostProcess } from '../system/host-process.js';
import { TICKS_PER_SECOND } from '../system/proc-stat.js';
import type { CpuOf } from './process-entry.js';

const percent = (ticks: number, milliseconds: number): Reading =>
  milliseconds > 0
    ? Math.round(((ticks / TICKS_PER_SECOND) * 1000 * 1000) / milliseconds) / 10
    : NOT_SUPPORTED;

/** Over its whole life, as ps shows it. */
export const overLife =
  (now: number): CpuOf =>
  ({ cpuTicks, startTime }) =>
    startTime === undefined ? NOT_SUPPORTED : percent(cpuTicks, now - startTime);

/** Since the sample before; over its life for a process that was not in it. */
export class SinceLastSample {
  private last = new Map<string, number>();
  private lastAt = 0;

  /** Begins a sample. What the sample before counted is kept until the next one. */
  begin(now: number): CpuOf {
    const { last, lastAt } = this;
    const current = new Map<string, number>();
    this.last = current;
    this.lastAt = now;
    const life = overLife(now);
    return (process: HostProcess): Reading => {
      const key = `${process.pid}/${process.start}`;
      const before = last.get(key);
      current.set(key, process.cpuTicks);
      return before === undefined ? life(process) : percent(process.cpuTicks - before, now - lastAt);
    };
  }
}
