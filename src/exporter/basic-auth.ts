/**
 * Basic authentication against bcrypt hashes. A hash takes tens of milliseconds by design: what was right is remembered, and
 * few are computed at a time, so that guessing takes a part of one processor at most.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { compare } from 'bcryptjs';
import { jsonText } from '../base/plain-text.js';

/** Hashes that are computed at a time; who asks beyond that is asked to come again. */
const MOST_AT_ONCE = 4;
/** Right answers that are remembered. */
const MOST_REMEMBERED = 64;
/** Bcrypt ignores the rest. */
const LONGEST_PASSWORD = 72;

/** A hash of nothing known, so that an unknown user takes as long as a wrong password. */
const NO_USER = '$2b$10$abcdefghijklmnopqrstuu5s8bhEfUvMmFXVWTUXpRNfTLdbB0Nk6';

export type AuthVerdict = 'right' | 'wrong' | 'busy';

export class BasicAuth {
  private readonly secret = randomBytes(32);
  private remembered = new Map<string, Buffer>();
  private running = 0;

  constructor(private readonly users: ReadonlyMap<string, string>) {}

  get isOpen(): boolean {
    return this.users.size === 0;
  }

  async check(header: string | undefined): Promise<AuthVerdict> {
    if (this.isOpen) return 'right';
    const given = credentials(header);
    if (given === undefined) return 'wrong';
    const hash = this.users.get(given.user);
    const digest = this.digest(given.user, given.password, hash ?? NO_USER);
    const known = this.remembered.get(given.user);
    if (hash !== undefined && known !== undefined && timingSafeEqual(known, digest)) return 'right';
    if (this.running >= MOST_AT_ONCE) return 'busy';
    this.running++;
    try {
      const isSame = await compare(given.password, hash ?? NO_USER);
      if (!isSame || hash === undefined) return 'wrong';
    } finally {
      this.running--;
    }
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(given.user, digest);
    return 'right';
  }

  private digest(...parts: readonly string[]): Buffer {
    return createHmac('sha256', this.secret).update(jsonText(parts)).digest();
  }
}

interface Credentials {
  readonly user: string;
  readonly password: string;
}

function credentials(header: string | undefined): Credentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  const password = text.slice(colon + 1);
  // What is longer would be cut, and two passwords would be the same.
  if (Buffer.byteLength(password) > LONGEST_PASSWORD) return undefined;
  return { user: text.slice(0, colon), password };
}
