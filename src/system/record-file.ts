/**
 * A file of lines, compressed as they come: gzip whose deflate blocks end at every line. A program that is killed
 * loses at most the line it was writing; `zcat` reads the file, and so does anybody while it is being written.
 * docs/daemon-format.md describes it.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { OutputError } from '../errors.js';

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
      this.fd = openSync(path, 'a+', 0o644);
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
      // A device has no length to cut; what is left of the line is passed over by the reader.
    }
  }

  /** A writer that was killed left a member without its end: half a line is cut off, and the end is written. */
  private repair(): void {
    const bytes = readFileSync(this.path);
    const start = bytes.subarray(0, HEADER.length);
    if (!HEADER.subarray(0, start.length).equals(start)) {
      closeSync(this.fd);
      throw new OutputError(`cannot write ${this.path}: it is not a recording`);
    }
    const { end, open } = contentsOf(bytes);
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

/** Bytes that cannot be read, from the first to the one behind the last. */
export interface Damage {
  readonly from: number;
  readonly to: number;
}

/** The whole lines of a file, also of one that is being written or was torn, and what is damaged. Throws like readFileSync. */
export function readRecords(path: string): {
  readonly lines: readonly string[];
  readonly damages: readonly Damage[];
} {
  const { parts, damages } = contentsOf(readFileSync(path));
  const lines = parts.flatMap((part) => {
    const text = part.toString('utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '');
  });
  return { lines, damages };
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

/** Takes a file apart, member by member. Behind damage it goes on at the next member. */
function contentsOf(bytes: Buffer): Contents {
  const parts: Buffer[] = [];
  const damages: Damage[] = [];
  let at = bytes.indexOf(HEADER);
  if (at > 0) damages.push({ from: 0, to: at });
  while (at !== -1 && at < bytes.length) {
    const whole = member(bytes.subarray(at + HEADER.length));
    const { text, end } =
      whole === undefined ? tail(bytes, at) : { text: whole.text, end: at + HEADER.length + whole.length };
    if (text !== undefined) parts.push(text);
    if (whole?.isSound === false) damages.push({ from: at, to: end });
    const next = bytes.indexOf(HEADER, end === at ? at + 1 : end);
    if (next === -1) {
      // A line that is being written or was torn has no mark at its end.
      if (bytes.indexOf(FLUSHED, end) !== -1) damages.push({ from: end, to: bytes.length });
      return { parts, damages, end, open: whole === undefined ? text : undefined };
    }
    if (next > end) damages.push({ from: end, to: next });
    at = next;
  }
  return { parts, damages, end: at === -1 ? 0 : at, open: undefined };
}

interface Member {
  readonly text: Buffer;
  /** Behind its header. */
  readonly length: number;
  readonly isSound: boolean;
}

/** A member that has its end. */
function member(bytes: Buffer): Member | undefined {
  try {
    // With `info` Node returns the engine too, which its types do not say; it counts what was read.
    const { buffer, engine } = inflateRawSync(bytes, { info: true } as object) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    const end = engine.bytesWritten;
    if (end + CHECKS > bytes.length) return undefined;
    return { text: buffer, length: end + CHECKS, isSound: crc32(buffer) === bytes.readUInt32LE(end) };
  } catch {
    return undefined;
  }
}

/** What a member without its end holds, as far as its lines are whole, and where the last of them ends. */
function tail(bytes: Buffer, at: number): { readonly text: Buffer | undefined; readonly end: number } {
  const from = at + HEADER.length;
  const ends: number[] = [];
  for (let mark = bytes.indexOf(FLUSHED, from); mark !== -1; mark = bytes.indexOf(FLUSHED, mark + 1)) {
    ends.push(mark + FLUSHED.length);
  }
  // What is before damage can be read, and nothing behind it.
  let readable = 0;
  for (let most = ends.length; readable < most; ) {
    const middle = (readable + most + 1) >> 1;
    if (inflate(bytes.subarray(from, ends[middle - 1])) === undefined) most = middle - 1;
    else readable = middle;
  }
  for (const end of ends.slice(0, readable).reverse()) {
    const text = inflate(bytes.subarray(from, end));
    // The four bytes may also stand within a block: only a whole line ends with a newline.
    if (text?.at(-1) === NEWLINE) return { text, end };
  }
  return { text: undefined, end: at };
}

const NEWLINE = 0x0a;

function inflate(bytes: Buffer): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
