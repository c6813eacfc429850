import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { readHosts } from '../../src/fleet/hosts.js';
import { FakeIo } from '../fake-io.js';
import { started } from '../program.js';
import { type Hosts, hasSshd, startHosts } from './sshd.js';

/** A script that runs this program on a recorded machine. */
const recorded = (machine: string): string => {
  const [file, words] = started(['--snapshot', machine]);
  return `exec ${[file, ...words].map((word) => `'${word}'`).join(' ')} "$@"`;
};

describe.skipIf(!hasSshd)('a fleet over ssh', { timeout: 60_000 }, () => {
  let hosts: Hosts;

  beforeAll(async () => {
    hosts = await startHosts({
      node1: { nvsmi: recorded('h200-x2'), 'nvidia-smi': 'exit 1' },
      // What is there has only the name of nvidia-smi.
      node2: { 'nvidia-smi': recorded('hgx-h100-x8') },
      bare: {},
      slow: { 'nvidia-smi': 'exec sleep 100' },
      broken: { 'nvidia-smi': "echo 'NVIDIA-SMI has failed'; exit 9" },
      chatty: { 'nvidia-smi': 'echo welcome; echo welcome' },
    });
  }, 60_000);
  afterAll(() => hosts?.stop());

  const fleet = async (...argv: readonly string[]): Promise<{ status: number; out: string; err: string }> => {
    const io = new FakeIo();
    const status = await main(['fleet', '--ssh-config', hosts.config, ...argv], io);
    return { status, out: io.output, err: io.errors };
  };

  it('asks nvsmi, or nvidia-smi where there is no nvsmi', async () => {
    const { status, out } = await fleet('--ssh', 'node1,node2');
    expect(status).toBe(0);
    expect(out.match(/^node1 +[01] +NVIDIA H200 +free +0% +0\/143771MiB/gm)).toHaveLength(2);
    expect(out.match(/^node2 +\d +NVIDIA H100 80GB HBM3 +busy/gm)).toHaveLength(5);
    expect(out).toMatch(/\n10 GPUs on 2 hosts: 4 free, 5 busy, 1 held\n$/);
  });

  it('shows each host that does not answer, with the reason, and ends with 5', async () => {
    const { status, out } = await fleet('--ssh', 'bare,slow,broken,chatty,node1', '--host-timeout', '6');
    expect(status).toBe(5);
    expect(out).toContain('\nbare: has neither nvsmi nor nvidia-smi\n');
    expect(out).toContain('\nbroken: NVIDIA-SMI has failed\n');
    expect(out).toContain('\nchatty: answers with something else\n');
    expect(out).toContain('\nslow: no answer within 6 s\n');
    expect(out).toContain('2 GPUs on 1 host: 2 free; 4 hosts without an answer\n');
  });

  it('answers --query-gpu as nvidia-smi does, with a column for the host', async () => {
    const asked = ['--query-gpu=index,memory.used,fan.speed,name'];
    const csv = await fleet('--ssh', 'node1,bare', ...asked, '--format=csv');
    expect(csv).toEqual({
      status: 5,
      out: [
        'host, index, memory.used [MiB], fan.speed [%], name',
        'node1, 0, 0 MiB, [N/A], NVIDIA H200',
        'node1, 1, 0 MiB, [N/A], NVIDIA H200',
        '',
      ].join('\n'),
      err: 'bare: has neither nvsmi nor nvidia-smi\n',
    });
    const { out } = await fleet('--ssh', 'node1', ...asked, '--format=json');
    expect(JSON.parse(out).gpus[1]).toEqual({
      host: 'node1',
      index: 1,
      'memory.used': 0,
      'fan.speed': null,
      name: 'NVIDIA H200',
      reasons: { 'fan.speed': 'Not Supported' },
    });
  });

  it('reads the hosts from a file, and cannot be made to wait for a password', async () => {
    const list = `${hosts.config}.hosts`;
    writeFileSync(list, '# ours\nnode1  # the first\n\nno-such-host.invalid\n');
    const { status, out } = await fleet('--ssh', `@${list}`, '-L');
    expect(status).toBe(5);
    expect(out.match(/^node1: GPU \d: NVIDIA H200 \(UUID: GPU-/gm)).toHaveLength(2);
  });
});

describe('the hosts of --ssh', () => {
  it('are each asked once, in their order', () => {
    expect(readHosts('b,a,b, user@[::1] ', () => '')).toEqual(['b', 'a', 'user@[::1]']);
    expect(readHosts('@x', () => 'a # comment\n\n#b\nc\n')).toEqual(['a', 'c']);
  });
});
