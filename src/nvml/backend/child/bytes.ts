/** Numbers, texts and memory one after another in a message, and messages one after another on a pipe. */

/** Four bytes for the length of a message. */
const HEAD = 4;

/** Writes messages, one at a time. */
export class MessageWriter {
  private memory = Buffer.allocUnsafe(4096);
  private at = HEAD;

  number(value: number): void {
    this.need(4);
    this.at = this.memory.writeInt32LE(value | 0, this.at);
  }

  handle(value: bigint): void {
    this.need(8);
    this.at = this.memory.writeBigUInt64LE(value, this.at);
  }

  bytes(value: Uint8Array): void {
    this.number(value.length);
    this.need(value.length);
    this.memory.set(value, this.at);
    this.at += value.length;
  }

  text(value: string): void {
    const most = 3 * value.length;
    this.need(HEAD + most);
    const length = this.memory.write(value, this.at + HEAD, most);
    this.memory.writeInt32LE(length, this.at);
    this.at += HEAD + length;
  }

  /** The message, with its length before it. The next one begins. */
  message(): Buffer {
    this.memory.writeUInt32LE(this.at - HEAD, 0);
    const message = Buffer.from(this.memory.subarray(0, this.at));
    this.at = HEAD;
    return message;
  }

  private need(bytes: number): void {
    if (this.at + bytes <= this.memory.length) return;
    const more = Buffer.allocUnsafe(Math.max(2 * this.memory.length, this.at + bytes));
    this.memory.copy(more);
    this.memory = more;
  }
}

/** Reads what was written in a message, in the same order. */
export class MessageReader {
  private at = 0;

  constructor(private readonly message: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.message.length;
  }

  number(): number {
    const value = this.message.readInt32LE(this.at);
    this.at += 4;
    return value;
  }

  handle(): bigint {
    this.at += 8;
    return this.message.readBigUInt64LE(this.at - 8);
  }

  /** A part of the message's own memory. */
  bytes(): Buffer {
    const length = this.number();
    this.at += length;
    return this.message.subarray(this.at - length, this.at);
  }

  /** The same, put into memory that is there where it has just that length. */
  bytesInto(memory: Buffer | undefined): Buffer {
    const length = this.number();
    const from = this.at;
    this.at += length;
    if (memory?.length !== length) return this.message.subarray(from, this.at);
    this.message.copy(memory, 0, from, this.at);
    return memory;
  }

  text(): string {
    return this.bytes().toString();
  }
}

/** Puts messages together from the pieces in which they arrive. */
export class Messages {
  private rest: Buffer = Buffer.alloc(0);

  /** The messages that are complete with this piece. */
  with(piece: Buffer): readonly MessageReader[] {
    this.rest = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const messages: MessageReader[] = [];
    while (this.rest.length >= HEAD) {
      const end = HEAD + this.rest.readUInt32LE(0);
      if (this.rest.length < end) break;
      messages.push(new MessageReader(this.rest.subarray(HEAD, end)));
      this.rest = this.rest.subarray(end);
    }
    return messages;
  }
}
