/**
 * A file of lines, each a gzip member of its own. A program that is killed loses at most the line it was writing; `zcat` reads the
 * file, also while it is being written. docs/daemon-format.md describes it, and what a member a line costs.
 */
import { closeSync, constants as fsConstants, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { readBounded, TooLong } from '../base/bounded-file.js';
import { OutputError } from '../base/errors.js';
import { openWritten } from '../base/written-path.js';

/** A gzip header without name and time: deflate, written on Unix. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** The same with the flag of a text, which no reader uses: the first line of a writer, on which the meaning of the others may depend. */
const FIRST_HEADER = Buffer.from(HEADER).fill(1, 3, 4);
/** Checksum and length at the end of a member. */
const CHECKS = 8;
/** What a file may have, packed and unpacked: a day of 16 GPUs with every column, once a second, is 170 MB unpacked. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Ten times those of a day with a tick a second. */
const MOST_LINES = 1_000_000;
/** Members that cannot be read. Each is looked for on its own. */
const MOST_DAMAGED = 1000;

const { O_RDWR, O_APPEND, O_CREAT } = fsConstants;

/** Writes lines to the end of a file. */
export class RecordWriter {
  private readonly fd: number;
  /** Bytes of the file that are whole lines. */
  private size: number;
  private header = FIRST_HEADER;

  /** Opens or makes the file, and cuts off what a killed writer did not write whole. Throws OutputError. */
  constructor(readonly path: string) {
    try {
      this.fd = openWritten(path, O_RDWR | O_APPEND | O_CREAT, 0o644).fd;
      const { size } = fstatSync(this.fd);
      this.size = fstatSync(this.fd).isFile() ? size : 0;
    } catch (error) {
      throw new OutputError(`cannot write ${path}: ${reason(error)}`);
    }
    if (this.size > 0) this.repair();
  }

  /** Writes a line. Throws OutputError where it does not fit on the disk; the file then ends with the line before. */
  write(line: string): void {
    const text = Buffer.from(`${line}\n`, 'utf8');
    const checks = Buffer.alloc(CHECKS);
    checks.writeUInt32LE(crc32(text), 0);
    checks.writeUInt32LE(text.length, 4);
    const member = Buffer.concat([this.header, deflateRawSync(text), checks]);
    let rest: Uint8Array = member;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.fd, rest));
      this.size += member.length;
      this.header = HEADER;
    } catch (error) {
      this.cutTo(this.size);
      throw new OutputError(`cannot write ${this.path}: ${reason(error)}`);
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private cutTo(size: number): void {
    try {
      ftruncateSync(this.fd, size);
    } catch {
      // A device has no length to cut; the reader ignores what is left of the line.
    }
  }

  private repair(): void {
    try {
      const bytes = readBounded(this.fd, MOST_BYTES, 'recording');
      if (!isHeader(bytes, 0)) throw new Error('it is not a recording');
      const { end } = contentsOf(bytes);
      if (end < bytes.length) this.cutTo(end);
      this.size = end;
    } catch (error) {
      closeSync(this.fd);
      throw new OutputError(`cannot write ${this.path}: ${reason(error)}`);
    }
  }
}

/** Bytes that cannot be read, from the first to the one after the last. */
export interface Damage {
  readonly from: number;
  readonly to: number;
}

/**
 * The whole lines of a file, also of one that is being written or was torn, and what is damaged: up to the first line of the next
 * writer, as the line that the others depend on may be lost. Throws like readFileSync, and TooLong.
 */
export function readRecords(path: string): {
  readonly lines: readonly string[];
  readonly damages: readonly Damage[];
} {
  const { parts, damages } = contentsOf(readBounded(path, MOST_BYTES, 'recording'));
  const lines: string[] = [];
  for (const part of parts) addLines(part, lines);
  return { lines, damages };
}

function addLines(part: Buffer, lines: string[]): void {
  for (let from = 0, end = part.indexOf(NEWLINE); end !== -1; end = part.indexOf(NEWLINE, from)) {
    if (end > from) lines.push(part.toString('utf8', from, end));
    if (lines.length > MOST_LINES) throw new TooMany(MOST_LINES, 'lines');
    from = end + 1;
  }
}

const NEWLINE = 0x0a;

class TooMany extends Error {
  override readonly name = 'TooMany';

  constructor(most: number, what: string) {
    super(`more than ${most} ${what}, which no recording has`);
  }
}

interface Contents {
  /** What the members hold, as many of them in one piece as follow each other without damage. */
  readonly parts: readonly Buffer[];
  readonly damages: readonly Damage[];
  /** Where the member begins that is being written or was torn; else where the file ends. */
  readonly end: number;
}

/**
 * Takes a file apart. All of it is unpacked at once (0.2 s for a day with a tick a second); what cannot be is halved until the members
 * are found that are damaged. Throws TooLong and TooMany.
 */
function contentsOf(bytes: Buffer): Contents {
  const begins = beginsOf(bytes);
  const parts: Buffer[] = [];
  const damages: Damage[] = [];
  let left = MOST_BYTES;
  let end = bytes.length;
  const at = (member: number): number => begins[member] ?? bytes.length;

  let damaged = 0;
  /** The member to continue with. */
  let next = 0;
  const damage = (member: number): void => {
    if (++damaged > MOST_DAMAGED) throw new TooMany(MOST_DAMAGED, 'damaged members');
    next = member + 1;
    while (next < begins.length && !isFirst(bytes, at(next))) next++;
    damages.push({ from: at(member), to: at(next) });
  };
  /** Reads the members from one up to another, exclusive. */
  const read = (from: number, until: number): void => {
    const first = Math.max(from, next);
    if (first >= until) return;
    const text = unpacked(bytes.subarray(at(first), at(until)), left);
    if (Buffer.isBuffer(text)) {
      parts.push(text);
      left -= text.length;
    } else if (until - first > 1) {
      // Most often only the last member is torn.
      const middle = text === 'torn' ? until - 1 : (first + until) >> 1;
      read(first, middle);
      read(middle, until);
    } else if (text === 'torn' && until === begins.length) {
      end = at(first);
    } else {
      damage(first);
    }
  };
  if (at(0) > 0) {
    while (next < begins.length && !isFirst(bytes, at(next))) next++;
    damages.push({ from: 0, to: at(next) });
  }
  if (begins.length > 0) read(0, begins.length);
  return { parts, damages, end: begins.length === 0 ? 0 : end };
}

const isFirst = (bytes: Buffer, at: number): boolean => bytes[at + 3] === FIRST_HEADER[3];

/** Whether a header is there, or as much of one as the file has. */
function isHeader(bytes: Buffer, at: number): boolean {
  const found = bytes.subarray(at, at + HEADER.length);
  return [HEADER, FIRST_HEADER].some((header) => header.subarray(0, found.length).equals(found));
}

/** Where members begin. */
function beginsOf(bytes: Buffer): readonly number[] {
  const begins: number[] = [];
  for (let at = bytes.indexOf(HEADER[0] as number); at !== -1; ) {
    const isBegin = isHeader(bytes, at);
    if (isBegin) begins.push(at);
    at = bytes.indexOf(HEADER[0] as number, at + (isBegin ? HEADER.length : 1));
  }
  return begins;
}

/** What whole members hold. `torn` where the last of them ends too early. Throws TooLong where they hold more than so many bytes. */
function unpacked(members: Buffer, most: number): Buffer | 'torn' | 'damaged' {
  try {
    // With `info` Node returns the engine too, which its types do not say; it counts what was read. What follows a member and is
    // no gzip is ignored without an error.
    const options = { info: true, maxOutputLength: Math.max(most, 1) } as object;
    const { buffer, engine } = gunzipSync(members, options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return engine.bytesWritten === members.length ? buffer : 'damaged';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new TooLong(MOST_BYTES, 'recording');
    return code === 'Z_BUF_ERROR' ? 'torn' : 'damaged';
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
