/** Reads files that a user names: a device such as /dev/zero has no end, and a pipe may be long. */
import { closeSync, openSync, readSync } from 'node:fs';

const PIECE = 1024 * 1024;

/** A file has more bytes than anything that it could hold. */
export class TooLong extends Error {
  override readonly name = 'TooLong';

  constructor(most: number, what: string) {
    super(`longer than ${most / 1024 / 1024} MiB, which no ${what} is`);
  }
}

/** The bytes of a file, or of an open one from where it is. Throws like readFileSync, and TooLong beyond so many bytes. */
export function readBounded(file: string | number, most: number, what: string): Buffer {
  const fd = typeof file === 'number' ? file : openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; length <= most; ) {
      const piece = Buffer.allocUnsafe(PIECE);
      const read = readSync(fd, piece);
      if (read === 0) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, read));
      length += read;
    }
    throw new TooLong(most, what);
  } finally {
    if (fd !== file) closeSync(fd);
  }
}
