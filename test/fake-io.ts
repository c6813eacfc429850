/** A world for main(): a clock that only sleeping moves, sinks for what is written, files in memory. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../src/base/errors.js';
import type { Io } from '../src/base/io.js';

export interface World {
  /** Local time as nvidia-smi prints it: 2026/11/23 00:53:13.616. */
  readonly time?: string;
  /** The same in milliseconds since the epoch. */
  readonly now?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly stdoutIsTerminal?: boolean;
  readonly stderrIsTerminal?: boolean;
  /** Asks the program to stop; looked at before every tick but the first. One tick where it is left out. */
  readonly until?: (io: FakeIo) => boolean;
  /** How often the program may wait. Without `until` and this it does not. */
  readonly waits?: number;
  /** Milliseconds that one look at the clock takes. */
  readonly slowness?: number;
}

const EPOCH = '2026/11/23 01:41:50.000';

/** Milliseconds since the epoch of a local time. */
export function localTime(text: string): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0] = text
    .split(/[/ :.]/)
    .map(Number);
  return new Date(year, month - 1, day, hour, minute, second, millisecond).getTime();
}

export class FakeIo implements Io {
  /** Every write to stdout. */
  readonly writes: string[] = [];
  readonly files = new Map<string, string>();
  /** Lines for the system log. */
  readonly logged: string[] = [];
  readonly systemLog = (line: string): void => {
    this.logged.push(line);
  };
  /** The times that the program asked to sleep until. */
  readonly slept: number[] = [];
  errors = '';
  closed = false;
  readonly env: Readonly<Record<string, string>>;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** A world of one process. */
  readonly background = {
    pid: process.pid,
    start: () => Promise.reject(new Error('nothing runs in the background of a test')),
    isAlive: () => false,
    end: () => {},
    beforeSignal: () => () => {},
    onHangup: () => () => {},
    lines: () => Promise.reject(new Error('nothing runs in the background of a test')),
  };
  private clock: number;
  private file: string | undefined;

  constructor(private readonly world: World = {}) {
    this.clock = world.now ?? localTime(world.time ?? EPOCH);
    this.env = world.env ?? {};
    this.stdoutIsTerminal = world.stdoutIsTerminal ?? false;
    this.stderrIsTerminal = world.stderrIsTerminal ?? false;
  }

  get output(): string {
    return this.writes.join('');
  }

  out(text: string): void {
    if (this.file === undefined) this.writes.push(text);
    else this.files.set(this.file, (this.files.get(this.file) ?? '') + text);
  }

  err(text: string): void {
    this.errors += text;
  }

  redirect(path: string, refusal = `Failed to create the log file ${path}\n`): void {
    if (path.startsWith('/nonexist')) throw new UsageError(refusal, 255);
    this.file = path;
    this.files.set(path, '');
  }

  now(): number {
    this.clock += this.world.slowness ?? 0;
    return this.clock;
  }

  elapsed(): number {
    return this.now();
  }

  /** The clock advances by itself, by as much as a tick is made to take. */
  pass(milliseconds: number): void {
    this.clock += milliseconds;
  }

  async sleepUntil(time: number): Promise<boolean> {
    const { until, waits = until === undefined ? 0 : Number.POSITIVE_INFINITY } = this.world;
    if (this.slept.length >= waits || until?.(this) === true) return false;
    this.slept.push(time);
    this.clock = Math.max(this.clock, time);
    return true;
  }

  readFile(file: string | 0): string {
    return file === 0 ? (this.world.stdin ?? '') : readFileSync(file, 'utf8');
  }

  close(): void {
    this.closed = true;
  }
}
