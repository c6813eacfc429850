/** An address to listen on, as --listen takes it: ADDRESS:PORT, [ADDRESS]:PORT, :PORT, PORT. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

export const USUAL_LISTEN: Listen = { host: '127.0.0.1', port: 9835 };

/** Undefined where the text is no address. */
export function readListen(text: string): Listen | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]*))?(?::?(\d{1,5}))$/i.exec(
      text.includes(':') ? text : /^\d+$/.test(text) ? `:${text}` : `${text}:${USUAL_LISTEN.port}`,
    ) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  const host = bracketed ?? plain ?? '';
  return { host: host === '' ? '::' : host, port };
}

/** Whether only this machine reaches an address. */
export const isLoopback = ({ host }: Listen): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);

/** The URL of an address. */
export const urlOf = ({ host }: Listen, port: number, isSecure: boolean): string =>
  `http${isSecure ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`;
