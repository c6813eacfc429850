/**
 * A folder of recordings belongs to one recorder at a time: its process number stands in a file there. Several may start at
 * the same moment over the file of one that was killed. Nobody can look into a file and remove it in one step, so whoever
 * wants it gone moves it aside and looks once more: by then it may be the file of another that was faster, who gets it back.
 * A file that was moved is seen by everybody who takes the folder, so that nobody takes it in between.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Background } from '../background.js';
import { UsageError } from '../errors.js';
import { NVML_ERROR_NO_PERMISSION } from '../nvml/generated/constants.js';
import { plainly } from '../plain-text.js';
import { machineFiles } from './files.js';

const PID_FILE = 'nvsmi.pid';

export class RecorderFolder {
  private readonly pidFile: string;

  constructor(
    readonly path: string,
    private readonly background: Pick<Background, 'pid' | 'isAlive'>,
  ) {
    this.pidFile = join(path, PID_FILE);
  }

  /** The recorder of the folder, if it lives. A number that went to another program since is no recorder. */
  recorder(file = this.pidFile): number | undefined {
    const pid = numberIn(file);
    const { background } = this;
    if (!(pid > 0) || pid === background.pid || !background.isAlive(pid)) return undefined;
    const commandLine = machineFiles.read(`/proc/${pid}/cmdline`);
    return commandLine === undefined || commandLine.split('\0').includes('daemon') ? pid : undefined;
  }

  /** Throws UsageError where a recorder lives. */
  refuseSecond(): void {
    const pid = this.recorder();
    if (pid === undefined) return;
    throw new UsageError(plainly`Process ${pid} records to ${this.path} already; daemon -t stops it.`);
  }

  /** Makes the folder and leaves the number of this process in it. Throws UsageError, also where a recorder lives. */
  take(): void {
    try {
      makeFolder(this.path);
      do {
        while (!this.claim()) this.moveAside();
        for (const name of this.movedAside()) this.settle(join(this.path, name));
        // Whoever found the file before the number stood in it has moved it aside.
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
  }

  /**
   * Writes why this recorder ends over its number: nobody sees what it prints in the background, and a full disk has room
   * only where a block is in use already.
   */
  leaveReason(error: unknown): void {
    if (!this.isOurs()) return;
    try {
      const fd = openSync(this.pidFile, 'r+');
      writeSync(fd, `${this.background.pid} ${(error as Error).message.split('\n', 1)[0]}\n`);
      closeSync(fd);
    } catch {
      // The reason is on stderr too.
    }
  }

  /** What the last recorder left. */
  reason(): string | undefined {
    return /^\d+ (.+)/.exec(contentOf(this.pidFile))?.[1];
  }

  private isOurs(): boolean {
    return numberIn(this.pidFile) === this.background.pid;
  }

  /** Leaves the number of this process, where there is no file yet. */
  private claim(): boolean {
    try {
      writeFileSync(this.pidFile, `${this.background.pid}\n`, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  /** Clears the place of a recorder that lives no more. Throws UsageError where it lives. */
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

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The process number that a file begins with; NaN where it has none. */
const numberIn = (file: string): number => Number.parseInt(contentOf(file), 10);

/** Renames a file, if nobody else has done so. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
