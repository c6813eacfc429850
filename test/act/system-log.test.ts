/** The system log, as a listener of its kind of socket hears it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import { sendToSystemLog } from '../../src/nvml/backend/system-log.js';

const folder = mkdtempSync(join(tmpdir(), 'nvsmi-log-'));
const AF_UNIX = 1;
const SOCK_DGRAM = 2;

/** A socket that is bound where a system log would be, and what it heard. */
function listener(path: string): () => string {
  const libc = koffi.load(null);
  const fd = libc.func('int socket(int, int, int)')(AF_UNIX, SOCK_DGRAM, 0) as number;
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  expect(libc.func('int bind(int, const void *, uint32_t)')(fd, address, address.length)).toBe(0);
  const receive = libc.func('intptr_t recv(int, void *, size_t, int)');
  return () => {
    const bytes = Buffer.alloc(4096);
    return bytes.toString('utf8', 0, Number(receive(fd, bytes, bytes.length, 0)));
  };
}

describe.skipIf(process.platform !== 'linux')('the system log', () => {
  it('gets a datagram with facility authpriv, severity notice, and who says it', () => {
    const path = join(folder, 'log');
    const hear = listener(path);
    sendToSystemLog('{"action":"power-limit"}', path);
    expect(hear()).toBe('<85>nvsmi: {"action":"power-limit"}');
  });

  it('refuses where there is none, and where the path is no socket', () => {
    expect(() => sendToSystemLog('x', join(folder, 'none'))).toThrow(/no one listens/);
    expect(() => sendToSystemLog('x', folder)).toThrow(/no one listens/);
  });
});
