/**
 * A folder of recordings belongs to one recorder at a time: its process number is in a file there, with the time at which the
 * process began, and the recorder keeps that file open. So neither another process that has the number by now nor a number that
 * another user wrote there is taken for it. Several recorders may start at the same moment over the file of one that was killed.
 * Reading a file and removing it is never one step, so a recorder that wants it gone moves it aside and checks again: by then it
 * may be the file of another that was faster, which gets it back. A file that was moved is seen by everyone who takes the folder,
 * so that no one takes it in between.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Background } from '../base/background.js';
import { UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { writtenPath } from '../base/written-path.js';
import { NVML_ERROR_NO_PERMISSION } from '../nvml/generated/constants.js';
import { hasOpen, startOf } from './processes.js';

const PID_FILE = 'nvsmi.pid';
/** Bytes that such a file may have: two numbers, or a number and a reason. */
const MOST_BYTES = 4096;

export class RecorderFolder {
  private readonly pidFile: string;
  /** The file of this recorder, open for as long as it records. */
  private fd: number | undefined;

  constructor(
    readonly path: string,
    private readonly background: Pick<Background, 'pid' | 'isAlive'>,
  ) {
    this.pidFile = join(path, PID_FILE);
  }

  /** The recorder of the folder, if it is running. A number that another process has by now is not a recorder. */
  recorder(file = this.pidFile): number | undefined {
    const { pid, start } = contentOf(file);
    const { background } = this;
    if (!(pid > 0) || pid === background.pid || !background.isAlive(pid)) return undefined;
    const now = startOf(pid);
    return now === undefined || now === start ? pid : undefined;
  }

  /**
   * The recorder, where it is sure to be one. Any user may write the number and the start of another process into a
   * file, but only the recorder has the file open. Throws UsageError where this user cannot see that.
   */
  recorderToStop(): number | undefined {
    const pid = this.recorder();
    if (pid === undefined || startOf('self') === undefined) return pid;
    const isRecorder = hasOpen(pid, this.pidFile);
    if (isRecorder !== undefined) return isRecorder ? pid : undefined;
    throw new UsageError(
      `No permission to see whether process ${pid} records to ${this.path}.`,
      NVML_ERROR_NO_PERMISSION,
    );
  }

  /** Throws UsageError where a recorder is running. */
  refuseSecond(): void {
    const pid = this.recorder();
    if (pid === undefined) return;
    throw new UsageError(plainly`Process ${pid} records to ${this.path} already; daemon -t stops it.`);
  }

  /** Makes the folder and leaves the number of this process in it. Throws UsageError, also where a recorder is running. */
  take(): void {
    try {
      // A folder that a link of another user chooses is not used.
      writtenPath(this.path);
      makeFolder(this.path);
      do {
        while (!this.claim()) this.moveAside();
        for (const name of this.movedAside()) this.settle(join(this.path, name));
        // Another process found the file before the number was in it, and has moved it aside.
      } while (!this.isOurs());
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EPERM') {
        throw new UsageError(plainly`Cannot record to ${this.path}: ${message}`);
      }
      throw new UsageError(
        plainly`No permission to record to ${this.path}; -p names another folder.`,
        NVML_ERROR_NO_PERMISSION,
      );
    }
  }

  /** Gives the folder back, unless it is another recorder's by now. */
  release(): void {
    if (this.isOurs()) rmSync(this.pidFile, { force: true });
    this.closeFile();
  }

  /**
   * Writes why this recorder ends over its number: what it prints in the background is not seen, and a full disk has room
   * only where a block is in use already.
   */
  leaveReason(error: unknown): void {
    if (this.fd === undefined || !this.isOurs()) return;
    try {
      const text = `${this.background.pid} ${(error as Error).message.split('\n', 1)[0]}\n`;
      ftruncateSync(this.fd, writeSync(this.fd, text, 0));
    } catch {
      // The reason is on stderr too.
    } finally {
      this.closeFile();
    }
  }

  /** What the last recorder left. */
  reason(): string | undefined {
    return contentOf(this.pidFile).reason;
  }

  private isOurs(): boolean {
    return contentOf(this.pidFile).pid === this.background.pid;
  }

  private closeFile(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  /** Leaves the number of this process, where there is no file yet. */
  private claim(): boolean {
    this.closeFile();
    try {
      this.fd = openSync(this.pidFile, 'wx');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
    const { pid } = this.background;
    writeSync(this.fd, `${pid}\n${startOf(pid) ?? ''}\n`);
    return true;
  }

  /** Clears the place of a recorder that has ended. Throws UsageError where it is running. */
  private moveAside(): void {
    this.refuseSecond();
    const aside = `${this.pidFile}.${this.background.pid}`;
    move(this.pidFile, aside);
    this.settle(aside);
  }

  /** Gives a file that was moved aside back to its recorder, which refuses this one; removes that of a dead one. */
  private settle(aside: string): void {
    if (this.recorder(aside) === undefined) rmSync(aside, { force: true });
    else {
      move(aside, this.pidFile);
      this.refuseSecond();
    }
  }

  private movedAside(): readonly string[] {
    return readdirSync(this.path).filter((name) => name.startsWith(`${PID_FILE}.`));
  }
}

/** Makes a folder and those above it. Node's own way never ends where a folder takes no folders, as in /proc (Node 20). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

interface PidFile {
  /** NaN where the file does not begin with a number. */
  readonly pid: number;
  readonly start: string | undefined;
  /** Why the recorder ended, if it said so. */
  readonly reason: string | undefined;
}

/** The contents of the file of a recorder. A link, a pipe or anything else in its place is not such a file. */
function contentOf(file: string): PidFile {
  const [first = '', start] = textOf(file).split('\n');
  return { pid: Number.parseInt(first, 10), start, reason: /^\d+ (.+)/.exec(first)?.[1] };
}

function textOf(file: string): string {
  // Windows has neither; O_RDONLY is 0 everywhere.
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  let fd: number | undefined;
  try {
    fd = openSync(file, O_NOFOLLOW | O_NONBLOCK);
    if (!fstatSync(fd).isFile()) return '';
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.toString('utf8', 0, readSync(fd, bytes));
  } catch {
    return '';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Renames a file, if no other process has done so. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
