/** A real sshd of its own on the loopback, where OpenSSH's server is installed. Each host is one, with a PATH of its own. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '../exporter/prometheus.js';

const SSHD = ['/usr/sbin/sshd', '/usr/bin/sshd'].find((path) => existsSync(path));

export const hasSshd = SSHD !== undefined && spawnSync('ssh', ['-V']).status === 0;

export interface Hosts {
  /** For --ssh-config: knows the hosts by their names. */
  readonly config: string;
  stop(): void;
}

/** Starts a host for each name, with these programs: a name and a script of sh. */
export async function startHosts(
  programs: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<Hosts> {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-sshd-'));
  const at = (name: string): string => join(folder, name);
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
  writeFileSync(at('authorized_keys'), execFileSync('cat', [at('user.pub')]), { mode: 0o600 });
  // sshd wants the folder of its unprivileged part, which the service otherwise makes.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const children: ReturnType<typeof spawn>[] = [];
  const sections: string[] = [];
  for (const [host, scripts] of Object.entries(programs)) {
    const bin = at(`bin-${host}`);
    mkdirSync(bin);
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const port = await freePort();
    writeFileSync(
      at(`sshd-${host}`),
      [
        `ListenAddress 127.0.0.1:${port}`,
        `HostKey ${at('host')}`,
        `AuthorizedKeysFile ${at('authorized_keys')}`,
        `PidFile ${at(`pid-${host}`)}`,
        'StrictModes no',
        'UsePAM no',
        'PermitRootLogin yes',
        'PasswordAuthentication no',
        `SetEnv PATH=${bin}:/usr/bin:/bin`,
        '',
      ].join('\n'),
    );
    children.push(spawn(SSHD ?? 'sshd', ['-D', '-e', '-f', at(`sshd-${host}`)], { stdio: 'ignore' }));
    sections.push(`Host ${host}\n  HostName 127.0.0.1\n  Port ${port}\n`);
  }
  writeFileSync(
    at('config'),
    `${sections.join('')}Host *\n  IdentityFile ${at('user')}\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n`,
  );
  const stop = (): void => {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  const answers = (host: string): boolean =>
    spawnSync('ssh', ['-F', at('config'), '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', host, 'true'])
      .status === 0;
  for (const host of Object.keys(programs)) {
    await until(`sshd of ${host}`, async () => answers(host), 10_000).catch((error) => {
      stop();
      throw error;
    });
  }
  return { config: at('config'), stop };
}
