/**
 * The system log, as `logger` writes to it: a datagram to /dev/log. Node has no sockets of this kind, so libc's are called. syslog()
 * of libc loses a line without a word where no one listens.
 */
import { koffi } from './koffi.js';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** Facility `authpriv`, severity `notice`: who changed what. */
const PRIORITY = (10 << 3) | 5;
const PATH_LENGTH = 108;

interface Libc {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly connect: (fd: number, address: Buffer, length: number) => number;
  readonly send: (fd: number, bytes: Buffer, length: number, flags: number) => number;
  readonly close: (fd: number) => number;
}

function libc(): Libc {
  const library = koffi().load(null);
  return {
    socket: library.func('int socket(int, int, int)'),
    connect: library.func('int connect(int, const void *, uint32_t)'),
    send: library.func('intptr_t send(int, const void *, size_t, int)'),
    close: library.func('int close(int)'),
  };
}

function address(path: string): Buffer {
  const bytes = Buffer.alloc(2 + PATH_LENGTH);
  bytes.writeUInt16LE(AF_UNIX, 0);
  bytes.write(path, 2, PATH_LENGTH - 1);
  return bytes;
}

/** Sends one line. Throws where no one takes it. */
export function sendToSystemLog(line: string, path = '/dev/log'): void {
  const { socket, connect, send, close } = libc();
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error('no socket');
  try {
    const to = address(path);
    if (connect(fd, to, to.length) !== 0) throw new Error(`no one listens at ${path}`);
    const bytes = Buffer.from(`<${PRIORITY}>nvsmi: ${line}`);
    if (send(fd, bytes, bytes.length, MSG_NOSIGNAL) !== bytes.length)
      throw new Error(`${path} takes no line`);
  } finally {
    close(fd);
  }
}
