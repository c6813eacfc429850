/**
 * A file of lines, compressed as they come: gzip whose deflate blocks end at every line. A program that is killed
 * loses at most the line it was writing; `zcat` reads the file, and so can any reader while it is being written.
 * docs/daemon-format.md describes it.
 */
import { closeSync, constants as fsConstants, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import {
  constants,
  crc32,
  deflateRawSync,
  type InputType,
  inflateRawSync,
  type ZlibOptions,
} from 'node:zlib';
import { readBounded, TooLong } from '../bounded-file.js';
import { OutputError } from '../errors.js';
import { openWritten } from '../written-path.js';

/** A gzip header without name and time: deflate, written on Unix. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** Checksum and length at the end of a member. */
const CHECKS = 8;
/** An empty last block of deflate. */
const LAST_BLOCK = Buffer.from([3, 0]);
/** How a block that was flushed ends: an empty stored block. */
const FLUSHED = Buffer.from([0, 0, 0xff, 0xff]);
/** How far back deflate refers. */
const WINDOW = 32768;
/** What a file may have, packed and unpacked: a day of 16 GPUs with every column, once a second, is 170 MB unpacked. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Ten times those of a day with a tick a second. */
const MOST_LINES = 1_000_000;

const { O_RDWR, O_APPEND, O_CREAT } = fsConstants;

/** Writes lines to the end of a file. */
export class RecordWriter {
  private readonly fd: number;
  private readonly isFile: boolean;
  /** Bytes of the file that are whole lines. */
  private size: number;
  /** The last of what this member holds, which the next line may refer to. */
  private window: Buffer = Buffer.alloc(0);
  private checksum = 0;
  private length = 0;
  private begun = false;

  /** Opens or makes the file, and ends what a killed writer left in it. Throws OutputError. */
  constructor(readonly path: string) {
    try {
      this.fd = openWritten(path, O_RDWR | O_APPEND | O_CREAT, 0o644).fd;
      this.isFile = fstatSync(this.fd).isFile();
    } catch (error) {
      throw new OutputError(`cannot write ${path}: ${reason(error)}`);
    }
    this.size = this.isFile ? fstatSync(this.fd).size : 0;
    if (this.isFile && this.size > 0) this.repair();
  }

  /** Writes a line. Throws OutputError where it does not fit on the disk; the file then ends with the line before. */
  write(line: string): void {
    const text = Buffer.from(`${line}\n`, 'utf8');
    const block = deflateRawSync(text, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.window.length === 0 ? {} : { dictionary: this.window }),
    });
    this.append(this.begun ? block : Buffer.concat([HEADER, block]));
    this.begun = true;
    this.checksum = crc32(text, this.checksum);
    this.length += text.length;
    this.window = Buffer.concat([this.window, text]).subarray(-WINDOW);
  }

  /** Ends the member and closes the file. */
  close(): void {
    try {
      if (this.begun) this.append(trailer(this.checksum, this.length));
    } finally {
      closeSync(this.fd);
    }
  }

  private append(bytes: Uint8Array): void {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.fd, rest));
      this.size += bytes.length;
    } catch (error) {
      this.cutTo(this.size);
      throw new OutputError(`cannot write ${this.path}: ${reason(error)}`);
    }
  }

  private cutTo(size: number): void {
    try {
      ftruncateSync(this.fd, size);
    } catch {
      // A device has no length to cut; the reader ignores what is left of the line.
    }
  }

  /** A writer that was killed left a member without its end: half a line is cut off, and the end is written. */
  private repair(): void {
    let bytes: Buffer;
    let contents: Contents;
    try {
      bytes = readBounded(this.fd, MOST_BYTES, 'recording');
      const start = bytes.subarray(0, HEADER.length);
      if (!HEADER.subarray(0, start.length).equals(start)) throw new Error('it is not a recording');
      contents = contentsOf(bytes);
    } catch (error) {
      closeSync(this.fd);
      throw new OutputError(`cannot write ${this.path}: ${reason(error)}`);
    }
    const { end, open } = contents;
    if (end < bytes.length) this.cutTo(end);
    this.size = end;
    if (open !== undefined) this.append(trailer(crc32(open), open.length));
  }
}

function trailer(checksum: number, length: number): Buffer {
  const numbers = Buffer.alloc(CHECKS);
  numbers.writeUInt32LE(checksum >>> 0, 0);
  numbers.writeUInt32LE(length >>> 0, 4);
  return Buffer.concat([LAST_BLOCK, numbers]);
}

/** Bytes that cannot be read, from the first to the one after the last. */
export interface Damage {
  readonly from: number;
  readonly to: number;
}

/**
 * The whole lines of a file, also of one that is being written or was torn, and what is damaged. Throws like readFileSync,
 * and TooLong.
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
    if (lines.length > MOST_LINES) throw new TooMany(MOST_LINES);
    from = end + 1;
  }
}

class TooMany extends Error {
  override readonly name = 'TooMany';

  constructor(most: number) {
    super(`more than ${most} lines, which no recording has`);
  }
}

interface Contents {
  /** What each member holds. */
  readonly parts: readonly Buffer[];
  /** Between whole lines, and whole members whose checksum is not that of their lines. */
  readonly damages: readonly Damage[];
  /** Where the last whole line ends. */
  readonly end: number;
  /** What the last member holds, where it has no end yet. */
  readonly open: Buffer | undefined;
}

/** Takes a file apart, member by member. After damage it continues at the next member. Throws TooLong. */
function contentsOf(bytes: Buffer): Contents {
  const parts: Buffer[] = [];
  const damages: Damage[] = [];
  const marks = marksOf(bytes);
  let left = MOST_BYTES;
  let at = bytes.indexOf(HEADER);
  if (at > 0) damages.push({ from: 0, to: at });
  while (at !== -1 && at < bytes.length) {
    const whole = member(bytes.subarray(at + HEADER.length), left);
    const { text, end } =
      whole === undefined
        ? tail(bytes, at, marks, left)
        : { text: whole.text, end: at + HEADER.length + whole.length };
    if (text !== undefined) parts.push(text);
    left -= text?.length ?? 0;
    if (whole?.isSound === false) damages.push({ from: at, to: end });
    const next = bytes.indexOf(HEADER, end === at ? at + 1 : end);
    if (next === -1) {
      // A line that is being written or was torn has no mark at its end.
      if ((marks.at(-1) ?? 0) >= end + FLUSHED.length) damages.push({ from: end, to: bytes.length });
      return { parts, damages, end, open: whole === undefined ? text : undefined };
    }
    if (next > end) damages.push({ from: end, to: next });
    at = next;
  }
  return { parts, damages, end: at === -1 ? 0 : at, open: undefined };
}

/** Where blocks that were flushed end. The four bytes may also be within one. */
function marksOf(bytes: Buffer): readonly number[] {
  const marks: number[] = [];
  for (let at = bytes.indexOf(FLUSHED); at !== -1; at = bytes.indexOf(FLUSHED, at + 1)) {
    marks.push(at + FLUSHED.length);
  }
  return marks;
}

interface Member {
  readonly text: Buffer;
  /** Without its header. */
  readonly length: number;
  readonly isSound: boolean;
}

/** A member that has its end. */
function member(bytes: Buffer, most: number): Member | undefined {
  // With `info` Node returns the engine too, which its types do not say; it counts what was read.
  const whole = inflate(bytes, most, { info: true } as object) as unknown as
    | { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }
    | undefined;
  if (whole === undefined) return undefined;
  const end = whole.engine.bytesWritten;
  if (end + CHECKS > bytes.length) return undefined;
  const text = whole.buffer;
  return { text, length: end + CHECKS, isSound: crc32(text) === bytes.readUInt32LE(end) };
}

interface Tail {
  readonly text: Buffer | undefined;
  readonly end: number;
}

/** What a member without its end holds, as far as its lines are whole, and where the last of them ends. */
function tail(bytes: Buffer, at: number, marks: readonly number[], most: number): Tail {
  const from = at + HEADER.length;
  const upTo = (i: number): Buffer | undefined =>
    inflate(bytes.subarray(from, marks[i]), most, { finishFlush: constants.Z_SYNC_FLUSH });
  const first = firstOf(0, marks.length, (i) => (marks[i] as number) >= from + FLUSHED.length);
  // What is before damage can be read, and nothing after it.
  const readable = firstOf(first, marks.length, (i) => upTo(i) === undefined) - 1;
  const text = readable < first ? undefined : upTo(readable);
  const length = text === undefined ? 0 : text.lastIndexOf(NEWLINE) + 1;
  if (text === undefined || length === 0) return { text: undefined, end: at };
  const last = firstOf(first, readable, (i) => (upTo(i)?.length ?? 0) >= length);
  return { text: text.subarray(0, length), end: marks[last] as number };
}

/** The first of the numbers from one to before another for which something holds, as for all that follow it; else the latter. */
function firstOf(from: number, to: number, holds: (i: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const NEWLINE = 0x0a;

/** Undefined for what is not deflate. Throws TooLong where it unpacks to more than this number of bytes. */
function inflate(bytes: InputType, most: number, options: ZlibOptions): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { ...options, maxOutputLength: Math.max(most, 1) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw new TooLong(MOST_BYTES, 'recording');
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
