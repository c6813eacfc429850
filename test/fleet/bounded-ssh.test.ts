import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fleet } from './made-fleet.js';

const HOSTS = 300;
const MOST_AT_ONCE = 256;

afterEach(() => vi.unstubAllEnvs());

describe('many hosts over ssh', () => {
  it('are asked 256 at a time, and each that does not answer is a line', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-ssh-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const name of ['bin', 'running', 'seen']) mkdirSync(join(folder, name));
    // In place of ssh: it notes how many of it run, and waits so that others begin meanwhile.
    const script = [
      '#!/bin/sh',
      `mkdir ${folder}/running/$$`,
      `set -- ${folder}/running/*`,
      `mkdir -p ${folder}/seen/$#`,
      'sleep 0.5',
      `rmdir ${folder}/running/$$`,
      'echo away >&2',
      'exit 255',
    ];
    writeFileSync(join(folder, 'bin', 'ssh'), `${script.join('\n')}\n`);
    chmodSync(join(folder, 'bin', 'ssh'), 0o755);
    vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env.PATH}`);
    const hosts = Array.from({ length: HOSTS }, (_, i) => `node${i}`).join(',');
    const { status, out } = await fleet('--ssh', hosts, '--host-timeout', '60');
    expect(status).toBe(5);
    expect(out.match(/^node\d+: away$/gm)).toHaveLength(HOSTS);
    expect(out).toContain(`0 GPUs on 0 hosts; ${HOSTS} hosts without an answer\n`);
    const most = Math.max(...readdirSync(join(folder, 'seen')).map(Number));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(MOST_AT_ONCE);
  });
});
