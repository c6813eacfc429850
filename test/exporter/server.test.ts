import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebServer } from '../../src/exporter/server.js';
import { BadWebConfig, NO_CONFIG, readWebConfig, type WebConfig } from '../../src/exporter/web-config.js';
import { hasOpenssl, makeCertificates } from './certificates.js';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-web-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function served(config: WebConfig = NO_CONFIG): Promise<{ server: WebServer; port: number }> {
  const server = new WebServer(config, async (path) =>
    path === '/metrics' ? { status: 200, type: 'text/plain', body: 'up 1\n' } : undefined,
  );
  const port = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close());
  return { server, port };
}

/** Writes bytes to a connection, and reads until it ends, or for so long. */
function raw(port: number, bytes: string, milliseconds = 1500): Promise<{ text: string; ended: boolean }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ text, ended: false });
    }, milliseconds);
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ text, ended: true });
    });
  });
}

const url = (port: number, path = '/metrics'): string => `http://127.0.0.1:${port}${path}`;
const basic = (user: string, password: string) => ({
  headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
});

describe('the server', () => {
  it('answers GET and HEAD of what it has, and nothing else', async () => {
    const { port } = await served();
    const found = await fetch(url(port));
    expect([found.status, await found.text()]).toEqual([200, 'up 1\n']);
    expect((await fetch(url(port), { method: 'HEAD' })).headers.get('content-length')).toBe('5');
    expect((await fetch(url(port, '/nothing'))).status).toBe(404);
    const posted = await fetch(url(port), { method: 'POST', body: 'x'.repeat(100_000) });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it.each([
    '/../../etc/passwd',
    '/metrics/../../etc/passwd',
    '/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/metrics%00',
  ])('has no file at %s', async (path) => {
    const { port } = await served();
    const { text } = await raw(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('refuses headers that are too long, and what is not HTTP', async () => {
    const { port } = await served();
    const long = await raw(port, `GET /metrics HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(long).toMatchObject({ ended: true, text: expect.stringMatching(/^HTTP\/1\.1 431 /) });
    const other = await raw(port, 'SSH-2.0-OpenSSH_9.2\r\n\r\n');
    expect(other).toMatchObject({ ended: true, text: expect.stringMatching(/^HTTP\/1\.1 400 /) });
    const two = 'GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect((await raw(port, two)).text).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('answers requests that come in one packet one after the other', async () => {
    const { port } = await served();
    const each = 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n';
    const { text } = await raw(port, each.repeat(50) + each.replace('Host', 'Connection: close\r\nHost'));
    expect(text.match(/^HTTP\/1\.1 200 /gm)).toHaveLength(51);
  });

  it('ends a connection that asks on and on and takes no answers, and answers others', async () => {
    const { port } = await served();
    const each = 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n';
    const greedy = Array.from({ length: 20 }, () => raw(port, each.repeat(1000), 10_000));
    expect((await fetch(url(port))).status).toBe(200);
    expect((await Promise.all(greedy)).map(({ ended }) => ended)).toEqual(greedy.map(() => true));
  });

  it('ends a connection whose headers do not come, within seconds', { timeout: 20_000 }, async () => {
    const { port } = await served();
    const began = performance.now();
    const { ended } = await raw(port, 'GET /metrics HTTP/1.1\r\nHost:', 15_000);
    expect(ended).toBe(true);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect((await fetch(url(port))).status).toBe(200);
  });

  it('still answers while other clients hold connections open, up to its limit', async () => {
    const { port } = await served();
    const held = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    onTestFinished(() => {
      for (const socket of held) socket.destroy();
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await fetch(url(port))).status).toBe(200);
  });
});

const file = (folder: string, text: string): string => {
  const path = join(folder, 'web.yml');
  writeFileSync(path, text);
  return path;
};

describe('users', () => {
  const hash = hashSync('right', 4);

  it('are asked for their password', async () => {
    const path = file(temporaryFolder(), `basic_auth_users:\n  ada: ${hash}\n`);
    const { port } = await served(readWebConfig(path));
    const none = await fetch(url(port));
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="nvsmi", charset="UTF-8"',
    ]);
    for (const [user, password] of [
      ['ada', 'wrong'],
      ['bob', 'right'],
      ['ada', `right${'x'.repeat(100)}`],
      ['', ''],
    ] as const) {
      expect((await fetch(url(port), basic(user, password))).status).toBe(401);
    }
    expect((await fetch(url(port), { headers: { Authorization: 'Basic %%%' } })).status).toBe(401);
    expect((await fetch(url(port), basic('ada', 'right'))).status).toBe(200);
    expect((await fetch(url(port), basic('ada', 'right'))).status).toBe(200);
    expect((await fetch(url(port), basic('ada', 'Right'))).status).toBe(401);
  });

  it('change with the file, and a file that is wrong changes nothing', async () => {
    const folder = temporaryFolder();
    const { server, port } = await served(readWebConfig(file(folder, `basic_auth_users:\n  ada: ${hash}\n`)));
    server.reload(readWebConfig(file(folder, `basic_auth_users:\n  bob: ${hash}\n`)));
    expect((await fetch(url(port), basic('ada', 'right'))).status).toBe(401);
    expect((await fetch(url(port), basic('bob', 'right'))).status).toBe(200);
    expect(() => readWebConfig(file(folder, 'basic_auth_user:\n  bob: x\n'))).toThrow(BadWebConfig);
  });

  it('who guess many at a time are asked to come again', { timeout: 60_000 }, async () => {
    // A check that takes several turns of the event loop, in which others come.
    const slow = hashSync('right', 12);
    const path = file(temporaryFolder(), `basic_auth_users:\n  ada: ${slow}\n`);
    const { port } = await served(readWebConfig(path));
    const guesses = Array.from({ length: 12 }, (_, i) => fetch(url(port), basic('ada', `guess ${i}`)));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
  });
});

describe('a web configuration', () => {
  it.each([
    ['no object', '- a\n', /an object is needed/],
    ['no YAML', 'a: [\n', /./],
    [
      'an unknown section',
      'tls: {}\n',
      /one of tls_server_config, http_server_config, basic_auth_users is needed/,
    ],
    ['an unknown key', 'tls_server_config:\n  cert_fle: a\n', /one of cert, key.* is needed, not "cert_fle"/],
    [
      'a password that is no hash',
      'basic_auth_users:\n  ada: secret\n',
      /basic_auth_users\.ada: a bcrypt hash is needed/,
    ],
    [
      'a certificate that is not there',
      'tls_server_config:\n  cert_file: none.pem\n  key_file: none.key\n',
      /none\.pem/,
    ],
    ['a certificate without its key', 'tls_server_config:\n  cert: a\n', /TLS needs cert_file and key_file/],
    [
      'clients without their authority',
      'tls_server_config:\n  cert: a\n  key: b\n  client_auth_type: RequireAndVerifyClientCert\n',
      /needs client_ca_file/,
    ],
    [
      'a header that is none of the format',
      'http_server_config:\n  headers:\n    Set-Cookie: a\n',
      /Set-Cookie is none of/,
    ],
  ])('with %s is refused in a line', (_, text, message) => {
    const folder = temporaryFolder();
    const read = (): unknown => readWebConfig(file(folder, text));
    expect(read).toThrow(BadWebConfig);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/\n/);
    // A password in the file is nothing for a message.
    expect(read).not.toThrow(/secret/);
  });

  it('that is empty asks for nothing', () => {
    expect(readWebConfig(file(temporaryFolder(), '\n'))).toEqual(NO_CONFIG);
  });
});

describe.skipIf(!hasOpenssl)('TLS', () => {
  const get = (port: number, folder: string, client?: string): Promise<number | string> =>
    new Promise((resolve) => {
      const pem = (name: string): string => readFileSync(join(folder, name), 'utf8');
      const own = client === undefined ? {} : { cert: pem(`${client}.pem`), key: pem(`${client}.key`) };
      request(
        { port, host: '127.0.0.1', path: '/metrics', ca: pem('ca.pem'), agent: false, ...own },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
        .on('error', ({ message }) => resolve(message))
        .end();
    });

  const config = (folder: string, more = ''): WebConfig =>
    readWebConfig(
      file(folder, `tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n${more}`),
    );

  it('serves with the certificate of the file, beside the file', async () => {
    const folder = temporaryFolder();
    makeCertificates(folder, ['server']);
    const { port } = await served(config(folder));
    expect(await get(port, folder)).toBe(200);
    expect((await raw(port, 'GET /metrics HTTP/1.1\r\n\r\n')).ended).toBe(true);
  });

  it('lets only clients in whose certificate the authority signed, and whose name is allowed', async () => {
    const folder = temporaryFolder();
    const stranger = temporaryFolder();
    makeCertificates(folder, ['server', 'prometheus', 'other']);
    makeCertificates(stranger, ['prometheus']);
    const { port } = await served(
      config(
        folder,
        '  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: [prometheus]\n',
      ),
    );
    expect(await get(port, folder, 'prometheus')).toBe(200);
    expect(await get(port, folder, 'other')).toBe(403);
    expect(await get(port, folder)).toEqual(expect.any(String));
    for (const name of ['prometheus.pem', 'prometheus.key']) {
      writeFileSync(join(folder, name), readFileSync(join(stranger, name)));
    }
    expect(await get(port, folder, 'prometheus')).toEqual(expect.any(String));
  });

  it('takes a new certificate at a reload', async () => {
    const folder = temporaryFolder();
    makeCertificates(folder, ['server']);
    const { server, port } = await served(config(folder));
    makeCertificates(folder, ['server']);
    expect(await get(port, folder)).toEqual(expect.any(String));
    server.reload(config(folder));
    expect(await get(port, folder)).toBe(200);
    expect(() => server.reload(NO_CONFIG)).toThrow('enabling or disabling TLS needs a restart');
  });
});
