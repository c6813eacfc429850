/** The kernel's log as /dev/kmsg has it: its ring buffer, a record at a time, with the time since the boot. */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
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
    : { sequence: Number(sequence), microseconds: Number(microseconds), text: unescaped(text) };
}

/** The kernel writes what is not printable ASCII as \x0a, and so a backslash as well (Documentation/ABI/testing/dev-kmsg). */
const unescaped = (text: string): string =>
  text.replace(/(?:\\x[0-9a-f]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString('utf8'),
  );

/** What is at the place of the log is none: containers link /dev/console or /dev/null there, and a copy may be dmesg's output. */
const NO_LOG = 'no kernel log';

/** The log could not be opened: EPERM without the right to it, ENOENT in a container without it. */
export class NoKernelLog {
  constructor(
    readonly path: string,
    readonly code: string,
  ) {}

  toString(): string {
    return this.code === NO_LOG
      ? `${this.path} holds no records of the kernel`
      : `${this.path} cannot be read (${this.code})`;
  }

  get remedy(): string {
    if (this.code === NO_LOG)
      return 'Run on the host; copy the log with: dd if=/dev/kmsg iflag=nonblock bs=8k of=FOLDER/dev/kmsg';
    return this.code === 'ENOENT'
      ? 'Run on the host, or mount /dev/kmsg into the container.'
      : 'Run as root or with CAP_SYSLOG, or set kernel.dmesg_restrict to 0.';
  }
}

/** An open log. Each `read` gives the records since the last one. */
export interface KernelLog {
  read(): readonly LogRecord[];
  /** How many records were overwritten before they were read, since the log was opened. */
  readonly overwritten: number;
  /** The oldest record that was there, if those before it were overwritten already; set by the first `read`. */
  readonly begins: LogRecord | undefined;
  close(): void;
}

/** Follows the numbers of the records, which have no gap unless some were overwritten. */
class Sequence {
  overwritten = 0;
  begins: LogRecord | undefined;
  private next: number | undefined;

  see(records: readonly LogRecord[]): readonly LogRecord[] {
    const [first] = records;
    if (this.next === undefined && first !== undefined && first.sequence > 0) this.begins = first;
    for (const { sequence } of records) {
      if (this.next !== undefined && sequence > this.next) this.overwritten += sequence - this.next;
      this.next = sequence + 1;
    }
    return records;
  }
}

const KMSG = '/dev/kmsg';

/** Longer records are cut by the kernel. */
const LONGEST = 8192;
/** The largest ring buffer that distributions build in has fewer. */
const MOST_RECORDS = 1_000_000;

/** Opens the log of this machine, or a copy of one below another root folder. */
export function openKernelLog(root = '/'): KernelLog | NoKernelLog {
  return root === '/' ? openDevice() : openCopy(join(root, KMSG));
}

/** The kernel's own number of /dev/kmsg (Documentation/admin-guide/devices.txt). */
const [MAJOR, MINOR] = [1, 11];
/** How Linux puts both into one number, as long as they are below 256. */
const KMSG_DEVICE = MAJOR * 256 + MINOR;

function openDevice(): KernelLog | NoKernelLog {
  let fd: number | undefined;
  try {
    fd = openSync(KMSG, constants.O_RDONLY | constants.O_NONBLOCK);
    const at = fd;
    if (fstatSync(at).rdev !== KMSG_DEVICE) throw Object.assign(new Error(), { code: NO_LOG });
    const buffer = Buffer.alloc(LONGEST);
    return numbered(
      () => readDevice(at, buffer),
      () => closeSync(at),
    );
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    return new NoKernelLog(KMSG, (error as NodeJS.ErrnoException).code ?? 'EIO');
  }
}

function numbered(read: () => readonly LogRecord[], close: () => void): KernelLog {
  const sequence = new Sequence();
  return {
    read: () => sequence.see(read()),
    get overwritten() {
      return sequence.overwritten;
    },
    get begins() {
      return sequence.begins;
    },
    close,
  };
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

/** A copy is a file that may grow. The log of a kernel is never empty. */
function openCopy(path: string): KernelLog | NoKernelLog {
  let seen = 0;
  const news = (): readonly LogRecord[] => {
    const text = readFileSync(path, 'utf8');
    // A file that is shorter than before was written again.
    const lines = text.slice(text.length < seen ? 0 : seen).split('\n');
    seen = text.length;
    return lines.flatMap((line) => parseRecord(line) ?? []);
  };
  try {
    const isLog = readFileSync(path, 'utf8')
      .split('\n')
      .some((line) => parseRecord(line) !== undefined);
    if (!isLog) return new NoKernelLog(KMSG, NO_LOG);
  } catch (error) {
    return new NoKernelLog(KMSG, (error as NodeJS.ErrnoException).code ?? 'EIO');
  }
  return numbered(news, () => {});
}
