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
    : { sequence: Number(sequence), microseconds: Number(microseconds), text: unescaped(text) };
}

/** The kernel writes what is not printable ASCII as \x0a, and so a backslash as well (Documentation/ABI/testing/dev-kmsg). */
const unescaped = (text: string): string =>
  text.replace(/(?:\\x[0-9a-f]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString('utf8'),
  );

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

function openDevice(): KernelLog | NoKernelLog {
  try {
    const fd = openSync(KMSG, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(LONGEST);
    return numbered(
      () => readDevice(fd, buffer),
      () => closeSync(fd),
    );
  } catch (error) {
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
  const news = (): readonly LogRecord[] => {
    const records = all().filter(({ sequence }) => sequence > seen);
    seen = records.at(-1)?.sequence ?? seen;
    return records;
  };
  return numbered(news, () => {});
}
