/** Messages on a pipe: four bytes for the length of a message, and the message as V8 serializes it, big numbers and bytes included. */
import { deserialize, serialize } from 'node:v8';

const HEAD = 4;

export function frameOf(message: unknown): Buffer {
  const body = serialize(message);
  const frame = Buffer.allocUnsafe(HEAD + body.length);
  frame.writeUInt32LE(body.length, 0);
  body.copy(frame, HEAD);
  return frame;
}

/** Puts messages together from the pieces in which they arrive. */
export class Frames {
  private rest: Buffer = Buffer.alloc(0);

  /** The messages that are complete with this piece. */
  with(piece: Buffer): readonly unknown[] {
    this.rest = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const messages: unknown[] = [];
    while (this.rest.length >= HEAD) {
      const end = HEAD + this.rest.readUInt32LE(0);
      if (this.rest.length < end) break;
      messages.push(deserialize(this.rest.subarray(HEAD, end)));
      this.rest = this.rest.subarray(end);
    }
    return messages;
  }
}
