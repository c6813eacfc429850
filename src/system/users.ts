/** Names of users, from /etc/passwd. Users of a directory service are not in it: they keep their numbers. */
import type { SystemFiles } from './files.js';

export type Users = ReadonlyMap<number, string>;

export function usersOf(files: SystemFiles): Users {
  const users = new Map<number, string>();
  for (const line of (files.read('/etc/passwd') ?? '').split('\n')) {
    const [name = '', , uid = ''] = line.split(':');
    // The first entry of a number names it, as getpwuid does.
    if (/^\d+$/.test(uid) && name !== '' && !users.has(Number(uid))) users.set(Number(uid), name);
  }
  return users;
}
