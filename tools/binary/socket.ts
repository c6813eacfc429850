/** A socket that is open already, by its number, with Bun's own functions. */

interface RawSocket {
  /** How many bytes were written; less than none where it is closed. */
  write(bytes: Uint8Array): number;
  terminate(): void;
  unref(): void;
}

interface Handlers {
  open(socket: RawSocket): void;
  data(socket: RawSocket, piece: Buffer): void;
  drain(): void;
  close(): void;
  error(): void;
}

declare const Bun: { connect(options: { fd: number; socket: Handlers }): Promise<RawSocket> };

export interface BunSocket {
  write(bytes: Buffer): void;
  terminate(): void;
  unref(): void;
}

/** Reads and writes without a stream. Bun calls `open` before it returns. */
export function connect(fd: number, on: { data(piece: Buffer): void; close(): void }): BunSocket | undefined {
  let raw: RawSocket | undefined;
  const rest: Buffer[] = [];
  const flush = (): void => {
    for (let next = rest[0]; next !== undefined; next = rest[0]) {
      const written = Math.max(0, raw?.write(next) ?? 0);
      if (written < next.length) {
        rest[0] = next.subarray(written);
        return;
      }
      rest.shift();
    }
  };
  Bun.connect({
    fd,
    socket: {
      open: (socket) => {
        raw = socket;
      },
      data: (_, piece) => on.data(piece),
      drain: flush,
      close: on.close,
      error: on.close,
    },
  }).catch(on.close);
  return {
    write: (bytes) => {
      rest.push(bytes);
      if (rest.length === 1) flush();
    },
    terminate: () => raw?.terminate(),
    unref: () => raw?.unref(),
  };
}
