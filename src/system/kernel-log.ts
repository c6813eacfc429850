/** The kernel's log as /dev/kmsg has it: its ring buffer, a record at a time, with the time since the boot. */
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

export interface LogRecord {
  /** Microseconds since the boot. */
  readonly microseconds: number;
  readonly sequence: number;
  readonly text: string;
}

/** A record: `4,1234,5678901,-;the text`, and lines of a dictionary after it, which begin with a space. */
const RECORD = /^\d+,(\d+),(\d+),[^;]*;(.*)$/;

export function parseRecord(line: string): LogRecord | undefined {
  const [, sequence, microseconds, text] = RECORD.exec(line) ?? [];
  return text === undefined
    ? undefined
    : { sequence: Number(sequence), microseconds: Number(microseconds), text };
}

/** The log could not be opened: EPERM without the right to it, ENOENT in a container without it. */
export class NoKernelLog {
  constructor(
    readonly path: string,
    readonly code: string,
  ) {}

  toString(): string {
    return `${this.path} cannot be read (${this.code})`;
  }

  get remedy(): string {
    return this.code === 'ENOENT'
      ? 'Run on the host, or mount /dev/kmsg into the container.'
      : 'Run as root or with CAP_SYSLOG, or set kernel.dmesg_restrict to 0.';
  }
}

/** An open log. Each `read` gives the records since the last one. */
export interface KernelLog {
  read(): readonly LogRecord[];
  close(): void;
}

export const KMSG = '/dev/kmsg';

/** Longer records are cut by the kernel. */
const LONGEST = 8192;
/** The largest ring buffer that distributions build in has fewer. */
const MOST_RECORDS = 1_000_000;

/** Opens the log of this machine, or a copy of one below another root folder. */
export function openKernelLog(root = '/'): KernelLog | NoKernelLog {
  return root === '/' ? openDevice() : openCopy(join(root, KMSG));
}

function openDevice(): KernelLog | NoKernelLog {
  try {
    const fd = openSync(KMSG, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(LONGEST);
    return { read: () => readDevice(fd, buffer), close: () => closeSync(fd) };
  } catch (error) {
    return new NoKernelLog(KMSG, (error as NodeJS.ErrnoException).code ?? 'EIO');
  }
}

function readDevice(fd: number, buffer: Buffer): readonly LogRecord[] {
  const records: LogRecord[] = [];
  while (records.length < MOST_RECORDS) {
    let length: number;
    try {
      length = readSync(fd, buffer, 0, LONGEST, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // EPIPE: records were overwritten before they were read; the next read gives the oldest that is left.
      if (code === 'EPIPE') continue;
      if (code === 'EAGAIN') return records;
      throw error;
    }
    const record = parseRecord(buffer.toString('utf8', 0, length).split('\n', 1)[0] ?? '');
    if (length === 0) break;
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** A copy is a file that may grow. */
function openCopy(path: string): KernelLog | NoKernelLog {
  let seen = -1;
  const all = (): readonly LogRecord[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line) => parseRecord(line) ?? []);
  try {
    all();
  } catch (error) {
    return new NoKernelLog(KMSG, (error as NodeJS.ErrnoException).code ?? 'EIO');
  }
  return {
    read() {
      const records = all().filter(({ sequence }) => sequence > seen);
      seen = records.at(-1)?.sequence ?? seen;
      return records;
    },
    close() {},
  };
}
