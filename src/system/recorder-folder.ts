/** A folder of recordings belongs to one recorder at a time: its process number stands in a file there. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Background } from '../background.js';
import { UsageError } from '../errors.js';
import { NVML_ERROR_NO_PERMISSION } from '../nvml/generated/constants.js';
import { machineFiles } from './files.js';

const PID_FILE = 'nvsmi.pid';

export class RecorderFolder {
  private readonly pidFile: string;

  constructor(
    readonly path: string,
    private readonly background: Background,
  ) {
    this.pidFile = join(path, PID_FILE);
  }

  /** The recorder of the folder, if it lives. A number that went to another program since is no recorder. */
  recorder(): number | undefined {
    const pid = Number.parseInt(this.read(), 10);
    const { background } = this;
    if (!(pid > 0) || pid === background.pid || !background.isAlive(pid)) return undefined;
    const commandLine = machineFiles.read(`/proc/${pid}/cmdline`);
    return commandLine === undefined || commandLine.split('\0').includes('daemon') ? pid : undefined;
  }

  /** Throws UsageError where a recorder lives. */
  refuseSecond(): void {
    const pid = this.recorder();
    if (pid === undefined) return;
    throw new UsageError(`Process ${pid} records to ${this.path} already; daemon -t stops it.`);
  }

  /** Makes the folder and leaves the number of this process in it. Throws UsageError. */
  take(): void {
    try {
      mkdirSync(this.path, { recursive: true });
      this.refuseSecond();
      rmSync(this.pidFile, { force: true });
      // Two that start at the same moment: the second finds the file of the first.
      writeFileSync(this.pidFile, `${this.background.pid}\n`, { flag: 'wx' });
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EPERM') {
        throw new UsageError(`Cannot record to ${this.path}: ${message}`);
      }
      throw new UsageError(
        `No permission to record to ${this.path}; -p names another folder.`,
        NVML_ERROR_NO_PERMISSION,
      );
    }
  }

  release(): void {
    rmSync(this.pidFile, { force: true });
  }

  /**
   * Writes why this recorder ends over its number: nobody sees what it prints in the background, and a full disk has room
   * only where a block is in use already.
   */
  leaveReason(error: unknown): void {
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
    return /^\d+ (.+)/.exec(this.read())?.[1];
  }

  private read(): string {
    try {
      return readFileSync(this.pidFile, 'utf8');
    } catch {
      return '';
    }
  }
}
