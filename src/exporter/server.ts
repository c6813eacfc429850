/** Serves pages over HTTP or HTTPS, within limits that hold whatever a client does. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { BasicAuth } from './basic-auth.js';
import type { ClientAuth, TlsConfig, WebConfig } from './web-config.js';

export interface HttpPage {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes the page of a path; undefined where there is none. */
export type HttpPages = (path: string, request: IncomingMessage) => Promise<HttpPage | undefined>;

/** Connections at a time. Prometheus keeps one a server; the others are people. */
const MOST_CONNECTIONS = 256;
const LIMITS: ServerOptions = {
  /** Bytes of all headers; Prometheus sends less than 1 KiB. */
  maxHeaderSize: 8192,
  /** Milliseconds until the headers of a request are whole, and the request. */
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
};
/** Milliseconds that a client may read nothing. */
const IDLE = 70_000;
/**
 * Requests of one connection that wait for their answers, beyond which it ends: Node reads all that come in one piece, whether the
 * client takes answers or not. 100 clients that sent 2,000 each and took none held 470 MiB, and no other client got an answer within 10 seconds.
 */
const MOST_WAITING = 64;
/** Requests of one connection, after which a client makes another. */
const MOST_REQUESTS = 10_000;

const page = (status: number, body: string, headers?: HttpPage['headers']): HttpPage => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
  ...(headers === undefined ? {} : { headers }),
});

const asksCertificate = (auth: ClientAuth): boolean => auth !== 'NoClientCert';

/** Node's options of a TLS server. Which certificates of clients are good enough is looked at per request. */
const secureOptions = ({ cert, key, ca, minVersion, maxVersion, clientAuth }: TlsConfig) => ({
  cert,
  key,
  ...(ca === undefined ? {} : { ca }),
  minVersion,
  maxVersion,
  requestCert: asksCertificate(clientAuth),
  rejectUnauthorized: clientAuth === 'RequireAndVerifyClientCert',
});

export class WebServer {
  private auth: BasicAuth;
  private readonly server: Server | SecureServer;
  /** Answers by connection that are not sent yet. */
  private readonly waiting = new WeakMap<object, number>();

  constructor(
    private config: WebConfig,
    private readonly pages: HttpPages,
  ) {
    this.auth = new BasicAuth(config.users);
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      if (this.isWelcome(request, response)) void this.answer(request, response);
    };
    this.server =
      config.tls === undefined
        ? createServer(LIMITS, answer)
        : createSecureServer({ ...LIMITS, ...secureOptions(config.tls), handshakeTimeout: 5000 }, answer);
    this.server.maxConnections = MOST_CONNECTIONS;
    this.server.maxRequestsPerSocket = MOST_REQUESTS;
    this.server.setTimeout(IDLE, (socket) => socket.destroy());
    // A request that cannot be read is refused in a line, and its connection ends.
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
      else
        socket.end(`HTTP/1.1 ${REFUSED[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
    });
    // Bytes that a client sends after it was refused.
    this.server.on('connection', (socket) => socket.on('error', () => socket.destroy()));
  }

  /** Begins to listen; returns the port. Throws what the system says. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port, backlog: 64 }, () => {
        this.server.off('error', reject);
        this.server.on('error', () => undefined);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** Takes another configuration. Throws where only a restart can make it true. */
  reload(config: WebConfig): void {
    const { tls } = config;
    const before = this.config.tls;
    if ((tls === undefined) !== (before === undefined))
      throw new Error('enabling or disabling TLS needs a restart');
    if (tls !== undefined && before !== undefined) {
      if (tls.clientAuth !== before.clientAuth) throw new Error('changing client_auth_type needs a restart');
      (this.server as SecureServer).setSecureContext(secureOptions(tls));
    }
    this.config = config;
    this.auth = new BasicAuth(config.users);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  /** Ends a connection that asks more than it listens. */
  private isWelcome({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const waiting = (this.waiting.get(socket) ?? 0) + 1;
    if (waiting > MOST_WAITING) {
      socket.destroy();
      return false;
    }
    this.waiting.set(socket, waiting);
    response.once('close', () => this.waiting.set(socket, (this.waiting.get(socket) ?? 1) - 1));
    return true;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // There is no request with a body here.
    request.resume();
    let found: HttpPage;
    try {
      found = await this.pageOf(request);
    } catch {
      found = page(500, 'Internal error');
    }
    const { status, type, body, headers } = found;
    if (response.destroyed) return;
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...this.config.headers,
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  private async pageOf(request: IncomingMessage): Promise<HttpPage> {
    const { method, headers, url = '' } = request;
    if (!this.hasGoodCertificate(request)) return page(403, 'A client certificate is needed');
    const verdict = await this.auth.check(headers.authorization);
    if (verdict === 'busy') return page(429, 'Too many attempts', { 'Retry-After': '1' });
    if (verdict === 'wrong') {
      return page(401, 'Unauthorized', { 'WWW-Authenticate': 'Basic realm="nvsmi", charset="UTF-8"' });
    }
    if (method !== 'GET' && method !== 'HEAD') return page(405, 'Only GET', { Allow: 'GET, HEAD' });
    const [path = ''] = url.split('?', 1);
    return (await this.pages(path, request)) ?? page(404, 'Not found');
  }

  private hasGoodCertificate({ socket }: IncomingMessage): boolean {
    const { tls } = this.config;
    if (tls === undefined || tls.clientAuth === 'NoClientCert' || tls.clientAuth === 'RequestClientCert')
      return true;
    const secure = socket as TLSSocket;
    const shown = secure.getPeerCertificate();
    const isShown = Object.keys(shown).length > 0;
    if (!isShown) return tls.clientAuth === 'VerifyClientCertIfGiven';
    if (tls.clientAuth !== 'RequireAnyClientCert' && !secure.authorized) return false;
    const names = (shown.subjectaltname ?? '').split(', ').map((name) => name.slice(name.indexOf(':') + 1));
    return tls.allowedNames.length === 0 || names.some((name) => tls.allowedNames.includes(name));
  }
}

const REFUSED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};
