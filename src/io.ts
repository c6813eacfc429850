/** The one door to the world: stdout, stderr, files, clock, signals. Tests pass their own. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type Background, backgroundOf } from './background.js';
import { ClosedPipe, EXIT, OutputError, UsageError } from './errors.js';
import { type OutputFile, openOutput, replaceContent } from './output-file.js';

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
  /** Milliseconds of a clock that nobody sets, for periods. */
  elapsed(): number;
  /**
   * Waits until a time of `elapsed`; false when the program was asked to stop. A promise only where it has to be.
   */
  sleepUntil(time: number): boolean | Promise<boolean>;
  /** Whether a signal asked to stop. */
  readonly stopped: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** A file's text; throws like readFileSync. */
  readFile(path: string): string;
  /** Where a program can be left running behind this one. */
  readonly background?: Background;
  close(): void;
}

/** SIGUSR1 among them: left alone it makes Node listen for a debugger, on a port that every user of the machine reaches. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const;

/**
 * Up to so many milliseconds the thread sleeps. A timer is coarse and dearer: with one a tick of 100 ms took 266 us of
 * CPU time, without it 153 us (Node 24).
 */
const NAP = 100;

/** Milliseconds in which a sleeping thread sees a signal, if its ticks are shorter: a turn of the event loop is 10 us. */
const TURN = 20;

/** Milliseconds; timers of more end at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

export class ProcessIo implements Io {
  private fd = 1;
  /** A file whose content is still the old one, and the new one. */
  private file: OutputFile | undefined;
  private held = '';
  private wake: (() => void) | undefined;
  private listening = false;
  private opensAnew = false;
  /** When the event loop turned last. */
  private turned = 0;
  /** The signal that asked to stop. */
  signal: NodeJS.Signals | undefined;
  readonly env = process.env;

  get background(): Background {
    return backgroundOf(process);
  }

  get stdoutIsTerminal(): boolean {
    return isTerminal(1);
  }

  get stderrIsTerminal(): boolean {
    return isTerminal(2);
  }

  get stopped(): boolean {
    return this.signal !== undefined;
  }

  out(text: string): void {
    if (this.file === undefined) writeWhole(this.fd, text, this.stopListening);
    else this.held += text;
  }

  err(text: string): void {
    try {
      writeWhole(2, text);
    } catch {
      // Nobody listens on stderr: there is nowhere left to say so.
    }
  }

  redirect(
    path: string,
    refusal = `Failed to create the log file ${path}\n`,
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

  /** The file of a loop is made anew and grows, as nvidia-smi's does: who reads it sees each tick at once. */
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

  readFile(path: string): string {
    return readFileSync(path, 'utf8');
  }

  elapsed(): number {
    return performance.now();
  }

  sleepUntil(time: number): boolean | Promise<boolean> {
    this.grow();
    this.listen();
    if (time - performance.now() <= NAP) return this.nap(time);
    return this.pauseUntil(time - 1).then(() => this.nap(time));
  }

  private async pauseUntil(time: number): Promise<void> {
    for (let rest = time - performance.now(); rest > 0 && !this.stopped; rest = time - performance.now()) {
      await this.pause(Math.min(rest, LONGEST_TIMER));
    }
  }

  /** Waits for a timer or a signal. */
  private async pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  /** Sleeps with the whole thread, and turns the event loop if that is due. */
  private nap(time: number): boolean | Promise<boolean> {
    const rest = time - performance.now();
    if (rest > 0 && !this.stopped) Atomics.wait(sleeper, 0, 0, rest);
    const now = performance.now();
    if (now - this.turned < TURN) return !this.stopped;
    this.turned = now;
    return new Promise((resolve) => setImmediate(() => resolve(!this.stopped)));
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

  /** From the first sleep on a signal ends the loop after the tick in hand, not in the middle of it. */
  private listen(): void {
    if (this.listening || this.stopped) return;
    this.listening = true;
    this.writeWithoutBlocking();
    for (const signal of SIGNALS) process.on(signal, this.stop);
  }

  private readonly stop = (signal: NodeJS.Signals): void => {
    this.signal = signal;
    // A second one ends the program at once.
    this.stopListening();
    this.wake?.();
  };

  /** While a reader does not read, the event loop does not turn: a signal ends the program at once then. */
  private readonly stopListening = (): void => {
    if (!this.listening) return;
    this.listening = false;
    for (const signal of SIGNALS) process.off(signal, this.stop);
  };

  /**
   * A write into a full pipe would keep the thread in the kernel, where no handler of ours runs. The pipe is opened
   * anew for this process alone, so that a full one says so. A socket cannot be opened anew and stays as it is.
   */
  private writeWithoutBlocking(): void {
    if (this.opensAnew) return;
    this.opensAnew = true;
    try {
      const kind = fstatSync(this.fd);
      if (!kind.isFIFO() && !kind.isCharacterDevice()) return;
      const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
      const before = this.fd;
      this.fd = openSync(`/proc/self/fd/${before}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
      if (before !== 1) closeSync(before);
    } catch {
      // Another system, or a terminal of another user: it may block.
    }
  }
}

/** node:tty brings sockets and streams along, 5 ms of start-up: loaded only where somebody asks. */
const isTerminal = (fd: number): boolean => process.getBuiltinModule('node:tty').isatty(fd);

/** Writes all of a text, or throws: nothing is lost silently. Tells where it has to wait for a reader. */
function writeWhole(fd: number, text: string, onFull?: () => void): void {
  const length = Buffer.byteLength(text);
  if (length === 0) return;
  // As it is: of a buffer made first each tick of a fast loop takes 10 us more.
  let written = writeSome(fd, text);
  if (written === length) return;
  onFull?.();
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
