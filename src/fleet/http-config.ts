/** The file of --http.config.file: who asks Prometheus, and over which TLS, in the format that promtool has for it. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { faultText, form, objectOf, optional, own, text } from '../base/form.js';

export interface HttpConfig {
  /** The header, where one is sent. */
  readonly authorization: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly isUnverified: boolean;
}

export const NO_HTTP_CONFIG: HttpConfig = {
  authorization: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  isUnverified: false,
};

/** What is wrong with the file, in a line. */
export class BadHttpConfig extends Error {}

const flag = form('true or false', (json) => typeof json === 'boolean');

const SECTIONS = {
  basic_auth: { username: text, password: text, password_file: text },
  authorization: { type: text, credentials: text, credentials_file: text },
  tls_config: {
    ca_file: text,
    cert_file: text,
    key_file: text,
    server_name: text,
    insecure_skip_verify: flag,
  },
} as const;

type HttpConfigSection = Readonly<Record<string, string | undefined>>;

/** Reads the file, and the secrets and certificates that it names. Throws BadHttpConfig. */
export function readHttpConfig(path: string): HttpConfig {
  try {
    return configOf(parse(readFileSync(path, 'utf8'), { maxAliasCount: 10 }) ?? {}, dirname(path));
  } catch (error) {
    throw new BadHttpConfig(`${path}: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}

function configOf(json: unknown, folder: string): HttpConfig {
  const members = Object.entries(SECTIONS).map(([name, section]) => [
    name,
    optional(
      objectOf(Object.fromEntries(Object.entries(section).map(([key, each]) => [key, optional(each)]))),
    ),
  ]);
  const fault = objectOf(Object.fromEntries(members))(json);
  if (fault !== undefined) throw new Error(faultText(fault));
  for (const [name, given] of Object.entries(json as object)) {
    const section = own<Readonly<Record<string, unknown>>>(SECTIONS, name);
    if (section === undefined) throw new Error(`${name} is none of ${Object.keys(SECTIONS).join(', ')}`);
    const unknown = Object.keys(given as object).find((key) => own(section, key) === undefined);
    if (unknown !== undefined)
      throw new Error(`${name}.${unknown} is none of ${Object.keys(section).join(', ')}`);
  }
  const {
    basic_auth: basic,
    authorization,
    tls_config: tls = {},
  } = json as Readonly<Record<string, HttpConfigSection>>;
  if (basic !== undefined && authorization !== undefined) {
    throw new Error('basic_auth and authorization are both given');
  }
  const read = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
  const secret = (given: HttpConfigSection, name: string): string =>
    headerText(given[name] ?? read(given[`${name}_file`])?.trim() ?? '');
  return {
    authorization:
      basic !== undefined
        ? `Basic ${Buffer.from(`${basic.username ?? ''}:${secret(basic, 'password')}`).toString('base64')}`
        : authorization === undefined
          ? undefined
          : `${headerText(authorization.type ?? 'Bearer')} ${secret(authorization, 'credentials')}`,
    ca: read(tls.ca_file),
    cert: read(tls.cert_file),
    key: read(tls.key_file),
    serverName: tls.server_name,
    isUnverified: (tls as Readonly<Record<string, unknown>>).insecure_skip_verify === true,
  };
}

/** A text that fits into a header. */
function headerText(given: string): string {
  if (!/^[\x21-\x7e]*$/.test(given))
    throw new Error('the secret has characters that are not allowed in an HTTP header');
  return given;
}
