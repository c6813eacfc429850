/**
 * A folder of recordings belongs to one recorder at a time: it holds a lock of the kernel on a file there, which ends with it, and
 * its process number is in that file, with the time at which the process began. A number alone is not a recorder. Where the
 * file system has no such lock (FUSE may not), a process that has the number and began then is taken for one.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Background } from '../base/background.js';
import { UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { writtenPath } from '../base/written-path.js';
import { type FileLock, lockFile } from '../nvml/backend/file-lock.js';
import { NVML_ERROR_NO_PERMISSION } from '../nvml/generated/constants.js';
import { hasOpen, startOf } from './processes.js';

const PID_FILE = 'nvsmi.pid';
/** Bytes that such a file may have: two numbers, or a number and a reason. */
const MOST_BYTES = 4096;

/** Who only looks has the lock for a moment, and a recorder that has it soon writes its number: for a second one tries again. */
const ATTEMPTS = 50;
const PAUSE_MS = 20;

export class RecorderFolder {
  private readonly pidFile: string;
  /** The file of this recorder, open and locked for as long as it records. */
  private fd: number | undefined;

  constructor(
    readonly path: string,
    private readonly background: Pick<Background, 'pid' | 'isAlive'>,
    private readonly lock: typeof lockFile = lockFile,
  ) {
    this.pidFile = join(path, PID_FILE);
  }

  /** The number of the recorder, if one is running. It is NaN in the moment before the recorder has written it. */
  recorder(): number | undefined {
    const fd = opened(this.pidFile);
    if (fd === undefined) return undefined;
    try {
      const { pid, start } = contentOf(fd);
      return this.isHeld(this.lock(fd, 'shared'), pid, start) ? pid : undefined;
    } finally {
      closeSync(fd);
    }
  }

  /** Whether the lock of a file says that a recorder has it; where there is no lock, whether its process is there. */
  private isHeld(lock: FileLock, pid: number, start: string | undefined): boolean {
    if (lock !== 'unknown') return lock === 'taken';
    const { background } = this;
    if (!(pid > 0) || pid === background.pid || !background.isAlive(pid)) return false;
    const now = startOf(pid);
    return now === undefined || now === start;
  }

  /**
   * The recorder, where it is sure to be one. Any user may write the number of another process into a file and lock it, but
   * only the recorder is that process and has the file open. Throws UsageError where that cannot be seen.
   */
  recorderToStop(): number | undefined {
    const pid = this.recorder();
    if (pid === undefined || startOf('self') === undefined) return pid;
    const isRecorder = hasOpen(pid, this.pidFile);
    if (isRecorder === true) return pid;
    throw isRecorder === false
      ? new UsageError(
          plainly`The recorder of ${this.path} is not process ${pid} here: it may run in another container.`,
        )
      : new UsageError(
          plainly`No permission to see whether process ${pid} records to ${this.path}.`,
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
      for (let attempt = 1; !this.claim(); attempt++) {
        const pid = this.recorder();
        if (pid !== undefined && (pid > 0 || attempt >= ATTEMPTS)) this.refuseSecond();
        pause(PAUSE_MS);
      }
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EPERM') {
        throw new UsageError(plainly`Cannot record to ${this.path}: ${message}`);
      }
      throw new UsageError(
        plainly`No permission to record to ${this.path}. Use -p to give another directory.`,
        NVML_ERROR_NO_PERMISSION,
      );
    }
  }

  /** Gives the folder back. */
  release(): void {
    if (this.fd !== undefined && isAt(this.pidFile, this.fd)) rmSync(this.pidFile, { force: true });
    this.closeFile();
  }

  /**
   * Writes why this recorder ends over its number: what it prints in the background is not seen, and a full disk has room
   * only where a block is in use already.
   */
  leaveReason(error: unknown): void {
    if (this.fd === undefined) return;
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
    const fd = opened(this.pidFile);
    if (fd === undefined) return undefined;
    try {
      return contentOf(fd).reason;
    } finally {
      closeSync(fd);
    }
  }

  private closeFile(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  /** Locks the file and leaves the number of this process in it. False where another has it, or removed it meanwhile. */
  private claim(): boolean {
    const fd = this.openedToWrite();
    if (fd === undefined) return false;
    const { pid, start } = contentOf(fd);
    if (this.isHeld(this.lock(fd, 'alone'), pid, start) || !isAt(this.pidFile, fd)) {
      closeSync(fd);
      return false;
    }
    this.fd = fd;
    const own = this.background.pid;
    ftruncateSync(fd, writeSync(fd, `${own}\n${startOf(own) ?? ''}\n`, 0));
    return true;
  }

  /** Opens or makes the file. Undefined where it had to remove something else, or the file of another user, which no one has. */
  private openedToWrite(): number | undefined {
    const file = this.pidFile;
    try {
      if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== false) {
        return regular(openSync(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES' || !existsSync(file)) throw error;
      this.refuseSecond();
    }
    rmSync(file, { force: true });
    return undefined;
  }
}

/** Waits without the event loop: nothing else is to be done yet. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
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

/** The contents of the file of a recorder. */
function contentOf(fd: number): PidFile {
  const bytes = Buffer.alloc(MOST_BYTES);
  const [first = '', start] = bytes.toString('utf8', 0, readSync(fd, bytes, 0, MOST_BYTES, 0)).split('\n');
  return { pid: Number.parseInt(first, 10), start, reason: /^\d+ (.+)/.exec(first)?.[1] };
}

// Windows has neither; O_RDONLY is 0 everywhere.
const {
  O_NOFOLLOW = 0,
  O_NONBLOCK = 0,
  O_CREAT,
  O_RDWR,
} = constants as Partial<typeof constants> & Pick<typeof constants, 'O_CREAT' | 'O_RDWR'>;

/** Opens the file of a recorder. A link, a pipe or anything else in its place is not such a file. */
function opened(file: string): number | undefined {
  try {
    return regular(openSync(file, O_NOFOLLOW | O_NONBLOCK));
  } catch {
    return undefined;
  }
}

function regular(fd: number): number | undefined {
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  return undefined;
}

/** Whether an open file is still the one at this path: its recorder may have removed it. */
function isAt(file: string, fd: number): boolean {
  const found = lstatSync(file, { throwIfNoEntry: false });
  const { dev, ino } = fstatSync(fd);
  return found?.dev === dev && found.ino === ino;
}
