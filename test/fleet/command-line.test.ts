import { describe, expect, it } from 'vitest';
import { fleet } from './made-fleet.js';

describe('a fleet command line', () => {
  it.each([
    [[], 'No hosts are given: use --prometheus URL or --ssh HOSTS.'],
    [['--prometheus', 'http://a', '--ssh', 'b'], 'No hosts are given: use --prometheus URL or --ssh HOSTS.'],
    [['--prometheus', 'ftp://a'], '--prometheus must be a URL such as http://prometheus:9090, not ftp://a'],
    [['--prometheus', 'nonsense'], '--prometheus must be a URL such as http://prometheus:9090, not nonsense'],
    [
      ['--prometheus', 'http://u:p@a'],
      '--prometheus: everyone can read a command line. --http.config.file has the password.',
    ],
    [['--ssh', 'a', '--since', '1h'], '--at, --since and --http.config.file need --prometheus.'],
    [['--ssh', '-oProxyCommand=x'], '--ssh: -oProxyCommand=x is not a host'],
    [['--ssh', 'a;b'], '--ssh: a;b is not a host'],
    [['--ssh', '@/nowhere'], /^--ssh: cannot read it: ENOENT/],
    [['--ssh', 'a', '--query-gpu=power.drew'], 'Field "power.drew" is not a valid field to query.'],
    [['--ssh', 'a', '--sort', 'powr'], '--sort: unknown column powr. Did you mean power?'],
    [['--ssh', 'a', '--filter', 'state=fre'], '--filter: unknown state fre. Did you mean free?'],
    [
      ['--ssh', 'a', '--filter', 'color=red'],
      '--filter is NAME=TEXT with host, name, state, user, pod, job, not color=red',
    ],
    [
      ['--prometheus', 'http://a', '--since', 'soon'],
      '--since must be a duration such as 30m, 1h or 7d, not soon',
    ],
    [
      ['--prometheus', 'http://a', '--since', '1h', '--sort', 'power'],
      '--since cannot be combined with --filter or --sort.',
    ],
    [
      ['--prometheus', 'http://a', '--at', 'noon'],
      '--at must be a time such as 2026-11-23T09:00:00Z, not noon',
    ],
    [
      ['--prometheus', 'http://a', '--host-timeout', '0'],
      '--host-timeout must be above 0 and at most 600 seconds.',
    ],
    [
      ['--prometheus', 'http://a', '--http.config.file', '/nowhere'],
      /^--http\.config\.file: \/nowhere: ENOENT/,
    ],
  ] as const)('%j is refused in a line', async (argv, message) => {
    const { status, out } = await fleet(...argv);
    expect(status).toBe(2);
    expect(out.trimEnd()).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });
});
