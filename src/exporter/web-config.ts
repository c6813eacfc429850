/** The file of --web.config.file: TLS, client certificates and users, in the format that Prometheus' exporters share. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { parse } from 'yaml';
import {
  type Fault,
  type Form,
  faultText,
  mapOf,
  objectOf,
  oneOf,
  optional,
  own,
  text,
} from '../base/form.js';

/** Whether clients show a certificate, and whether it is looked at. */
export type ClientAuth =
  | 'NoClientCert'
  | 'RequestClientCert'
  | 'RequireAnyClientCert'
  | 'VerifyClientCertIfGiven'
  | 'RequireAndVerifyClientCert';

export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
  readonly clientAuth: ClientAuth;
  readonly allowedNames: readonly string[];
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
}

export interface WebConfig {
  readonly tls: TlsConfig | undefined;
  /** Bcrypt hashes by the names of the users. Without a user everyone may ask. */
  readonly users: ReadonlyMap<string, string>;
  readonly headers: Readonly<Record<string, string>>;
}

export const NO_CONFIG: WebConfig = { tls: undefined, users: new Map(), headers: {} };

/** What is wrong with the file, in a line. */
export class BadWebConfig extends Error {}

const VERSIONS: Readonly<Record<string, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

const CLIENT_AUTH: readonly ClientAuth[] = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
];

/** Headers that the format has a place for. */
const HEADERS = [
  'Strict-Transport-Security',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'X-XSS-Protection',
  'Content-Security-Policy',
];

const bcrypt: Form = (json) =>
  typeof json === 'string' && /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(json)
    ? undefined
    : { path: [], needed: 'a bcrypt hash', found: typeof json === 'string' ? 'another text' : json };

const list: Form = (json) =>
  Array.isArray(json) && json.every((each) => typeof each === 'string')
    ? undefined
    : { path: [], needed: 'a list of texts', found: json };

const MEMBERS: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  tls_server_config: {
    cert: text,
    key: text,
    client_ca: text,
    cert_file: text,
    key_file: text,
    client_ca_file: text,
    client_auth_type: oneOf(...CLIENT_AUTH),
    client_allowed_sans: list,
    min_version: oneOf(...Object.keys(VERSIONS)),
    max_version: oneOf(...Object.keys(VERSIONS)),
  },
  http_server_config: { http2: () => undefined, headers: mapOf(text) },
};

type WebConfigSection = Readonly<Record<string, unknown>>;

/** Reads the file, and the certificates that it names. Throws BadWebConfig. */
export function readWebConfig(path: string): WebConfig {
  try {
    return webConfigOf(parse(readFileSync(path, 'utf8'), { maxAliasCount: 10 }) ?? {}, dirname(path));
  } catch (error) {
    throw new BadWebConfig(`${path}: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}

function webConfigOf(json: unknown, folder: string): WebConfig {
  const sections = Object.fromEntries(
    Object.entries(MEMBERS).map(([name, members]) => [name, optional(onlyOf(members))]),
  );
  const fault = onlyOf({ ...sections, basic_auth_users: optional(mapOf(bcrypt)) })(json);
  if (fault !== undefined) throw new Error(faultText(fault));
  const {
    tls_server_config: tls,
    basic_auth_users: users,
    http_server_config: http,
  } = json as WebConfigSection;
  return {
    tls: tls === undefined || tls === null ? undefined : tlsOf(tls as Record<string, string>, folder),
    users: new Map(Object.entries((users ?? {}) as Record<string, string>)),
    headers: headersOf(((http as WebConfigSection | undefined)?.headers ?? {}) as Record<string, string>),
  };
}

/** An object with these members at most: a mistyped name would otherwise switch protection off. */
function onlyOf(members: Readonly<Record<string, Form>>): Form {
  const known = objectOf(
    Object.fromEntries(Object.entries(members).map(([name, form]) => [name, optional(form)])),
  );
  return (json) => {
    const fault: Fault | undefined = known(json);
    if (fault !== undefined) return fault;
    const unknown = Object.keys(json as object).find((name) => own(members, name) === undefined);
    return unknown === undefined
      ? undefined
      : { path: [], needed: `one of ${Object.keys(members).join(', ')}`, found: unknown };
  };
}

function tlsOf(given: Readonly<Record<string, string | undefined>>, folder: string): TlsConfig {
  const pem = (name: 'cert' | 'key' | 'client_ca'): string | undefined => {
    const file = given[`${name}_file`];
    if (file !== undefined && given[name] !== undefined)
      throw new Error(`${name} and ${name}_file are both given`);
    return file === undefined ? given[name] : readFileSync(resolve(folder, file), 'utf8');
  };
  const [cert, key, ca] = [pem('cert'), pem('key'), pem('client_ca')];
  if (cert === undefined || key === undefined) throw new Error('TLS needs cert_file and key_file');
  const clientAuth = (given.client_auth_type ?? 'NoClientCert') as ClientAuth;
  const names = (given as WebConfigSection).client_allowed_sans as readonly string[] | undefined;
  if (clientAuth.includes('Verify') && ca === undefined)
    throw new Error(`${clientAuth} needs client_ca_file`);
  if (clientAuth === 'NoClientCert' && (ca !== undefined || names !== undefined)) {
    throw new Error('client_ca_file needs a client_auth_type');
  }
  return {
    cert,
    key,
    ca,
    clientAuth,
    allowedNames: names ?? [],
    minVersion: VERSIONS[given.min_version ?? 'TLS12'] ?? 'TLSv1.2',
    maxVersion: VERSIONS[given.max_version ?? 'TLS13'] ?? 'TLSv1.3',
  };
}

function headersOf(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(given)) {
    if (!HEADERS.includes(name))
      throw new Error(`http_server_config.headers: ${name} is none of ${HEADERS.join(', ')}`);
    if (!/^[\x20-\x7e]*$/.test(value))
      throw new Error(`http_server_config.headers: ${name} has unprintable letters`);
  }
  return given;
}
