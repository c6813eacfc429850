/**
 * The one door to the world: stdout, stderr, files, clock. Tests pass their own.
 *
 * Signals end the program by their default action: a handler of ours would run in the event loop, which does not turn while NVML
 * is called, and a call may never return. What is printed is one write a tick, so lines stay whole.
 */
import { closeSync, ftruncateSync, readFileSync, writeSync } from 'node:fs';
import { type Background, backgroundOf } from './background.js';
import { ClosedPipe, EXIT, OutputError, UsageError } from './errors.js';
import { type Foreground, foregroundOf } from './foreground.js';
import { type OutputFile, openOutput, replaceContent } from './output-file.js';
import { plainly } from './plain-text.js';
import type { Terminal } from './terminal.js';

export interface Io {
  /** Writes text to stdout or the file of `redirect`, whole, before it returns. */
  out(text: string): void;
  err(text: string): void;
  /**
   * Sends what follows to a file instead of stdout. It replaces the content of the file at the end, or grows from the first
   * wait of a loop on. Throws UsageError with the refusal where the file cannot be made; `hint` is made of the reason.
   */
  redirect(path: string, refusal?: string, hint?: (reason: string) => string): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a monotonic clock, for periods. */
  elapsed(): number;
  /** Waits until a time of `elapsed`. False where no tick follows: so end the loops of tests. */
  sleepUntil(time: number): boolean | Promise<boolean>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** How wide the terminal of stdout is; left out where there is none. */
  readonly columns?: number | undefined;
  /** The screen and the keys of the user; undefined where one of them is no terminal. */
  terminal?(): Promise<Terminal | undefined>;
  /** The text of a file, or of stdin, which is 0; throws like readFileSync. */
  readFile(file: string | 0): string;
  /** Takes a line of the system log, in place of /dev/log. Throws where it cannot. */
  readonly systemLog?: (line: string) => void;
  /** Where a program can be left running in the background. */
  readonly background?: Background;
  /** Where another program can be run in the foreground. */
  readonly foreground?: Foreground;
  close(): void;
}

/**
 * Up to so many milliseconds the thread sleeps. A timer is coarse and dearer: with one a tick of 100 ms took 266 us of
 * CPU time, without it 153 us (Node 24).
 */
const NAP = 100;

/** Milliseconds; timers of more end at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

export class ProcessIo implements Io {
  private fd = 1;
  private hasSlept = false;
  /** A file whose content is still the old one, and the new one. */
  private file: OutputFile | undefined;
  private held = '';
  readonly env = process.env;

  get background(): Background {
    return backgroundOf(process);
  }

  get foreground(): Foreground {
    return foregroundOf(process, () => isTerminal(0));
  }

  get stdoutIsTerminal(): boolean {
    return isTerminal(1);
  }

  get stderrIsTerminal(): boolean {
    return isTerminal(2);
  }

  /** Loads the streams of node:tty, and is read for the help alone. */
  get columns(): number | undefined {
    return this.stdoutIsTerminal ? process.stdout.columns : undefined;
  }

  /** Loaded for the monitor alone. */
  async terminal(): Promise<Terminal | undefined> {
    if (!isTerminal(0) || !isTerminal(1)) return undefined;
    const { terminalOf } = await import('./terminal.js');
    return terminalOf(process, (text) => writeWhole(1, text));
  }

  out(text: string): void {
    if (this.file === undefined) writeWhole(this.fd, text);
    else this.held += text;
  }

  err(text: string): void {
    try {
      writeWhole(2, text);
    } catch {
      // stderr has no reader: there is nowhere left to say so.
    }
  }

  redirect(
    path: string,
    refusal = plainly`Failed to create the log file ${path}\n`,
    hint?: (reason: string) => string,
  ): void {
    try {
      const file = openOutput(path);
      this.fd = file.fd;
      if (file.isReplaceable) this.file = file;
    } catch (error) {
      throw new UsageError(refusal, EXIT.unknownOption, hint?.(reason(error)));
    }
  }

  /** The file of a loop is truncated and grows, as nvidia-smi's does: its readers see each tick at once. */
  private grow(): void {
    if (this.file === undefined) return;
    this.file = undefined;
    ftruncateSync(this.fd);
    this.out(this.held);
    this.held = '';
  }

  now(): number {
    return Date.now();
  }

  readFile(file: string | 0): string {
    return readFileSync(file, 'utf8');
  }

  elapsed(): number {
    return performance.now();
  }

  sleepUntil(time: number): boolean | Promise<boolean> {
    this.grow();
    if (!this.hasSlept) closeToDebuggers();
    this.hasSlept = true;
    if (time - performance.now() <= NAP) return nap(time);
    return pauseUntil(time - 1).then(() => nap(time));
  }

  close(): void {
    if (this.fd === 1) return;
    const { fd, file } = this;
    this.fd = 1;
    this.file = undefined;
    try {
      if (file === undefined) closeSync(fd);
      else replaceContent(file, this.held);
    } catch (error) {
      throw new OutputError(`cannot finish the log file: ${reason(error)}`);
    }
  }
}

/**
 * Left alone SIGUSR1 makes Node listen for a debugger, on a port that every user of the machine reaches. Once a listener is
 * gone its default action ends the program (Node 20 to 24), which takes 0.3 ms: for programs that stay.
 */
function closeToDebuggers(): void {
  const listener = (): void => {};
  process.on('SIGUSR1', listener).off('SIGUSR1', listener);
}

/** Sleeps with the whole thread. */
function nap(time: number): boolean {
  const rest = time - performance.now();
  if (rest > 0) Atomics.wait(sleeper, 0, 0, rest);
  return true;
}

/** Waits in the event loop. */
async function pauseUntil(time: number): Promise<void> {
  for (let rest = time - performance.now(); rest > 0; rest = time - performance.now()) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(rest, LONGEST_TIMER)));
  }
}

/** node:tty brings sockets and streams along, 5 ms of start-up: loaded only where it is needed. */
const isTerminal = (fd: number): boolean => process.getBuiltinModule('node:tty').isatty(fd);

/** Writes all of a text, or throws: nothing is lost silently. */
function writeWhole(fd: number, text: string): void {
  const length = Buffer.byteLength(text);
  if (length === 0) return;
  // A buffer made first would take each tick of a fast loop 10 us more.
  let written = writeSome(fd, text);
  if (written === length) return;
  const bytes = Buffer.from(text);
  while (written < length) written += writeSome(fd, bytes.subarray(written));
}

/** Returns how many bytes were taken; a pipe that is full for the moment takes none. */
function writeSome(fd: number, what: string | Uint8Array): number {
  try {
    return typeof what === 'string' ? writeSync(fd, what) : writeSync(fd, what);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EPIPE') throw new ClosedPipe();
    if (code !== 'EAGAIN') throw new OutputError(`cannot write the output: ${reason(error)}`);
    Atomics.wait(sleeper, 0, 0, 5);
    return 0;
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
