/** The lines that docs/health.md has for NHC, Nagios, Slurm, systemd and Kubernetes: each is run. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runOn } from '../commands/run-on.js';
import { folderOfFile } from '../temporary.js';

const DOCS = readFileSync(new URL('../../docs/health.md', import.meta.url), 'utf8');
const blocks = [...DOCS.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}));
const script = (name: string): string =>
  blocks.find(({ kind, text }) => kind === 'sh' && text.includes(name))?.text ?? '';

/** Every command line of nvsmi in the document, without what a shell does with its status. */
const commands = [
  ...new Set(
    blocks
      .flatMap(({ text }) => [
        ...text.matchAll(/(?:^|[ /('])nvsmi ((?:--timeout \d+ )?(?:health|doctor|events)\b[^#|)'\]\n]*)/gm),
      ])
      .map(([, argv = '']) => argv.trim()),
  ),
];

describe('the command lines of docs/health.md', () => {
  const folder = folderOfFile();

  it('are found', () => {
    expect(commands.length).toBeGreaterThan(10);
  });

  it.each(commands)('nvsmi %s', async (line) => {
    const argv = line
      .split(/\s+/)
      .map((word) => (word.startsWith('/') ? join(folder, word.replaceAll('/', '-')) : word));
    const expected = argv[argv.indexOf('--expect') + 1] ?? '';
    if (argv.includes('--expect'))
      expect((await runOn('h200-x2', ['health', '--learn', expected])).status).toBe(0);
    // Without the log of a kernel, which a recording lacks, a verdict is unknown.
    const { status, err, out } = await runOn('h200-x2', argv);
    expect(out + err).not.toMatch(/[Uu]nknown (?:option|check|argument)|invalid|Did you mean/);
    expect(status === 0 || status === 3, `${line}: ${out}${err}`).toBe(true);
  });
});

describe('the scripts of docs/health.md', () => {
  const folder = folderOfFile();
  beforeAll(() => {
    mkdirSync(join(folder, 'bin'));
    program('nvsmi', `echo "GPU STATE - xid: why | 'gpu0_power.draw'=1"; exit "$STATUS"`);
    program('scontrol', 'echo "scontrol $*"');
    program('logger', 'echo "logger $*"');
  });

  function program(name: string, text: string): void {
    const path = join(folder, 'bin', name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  }

  function run(text: string, status: number) {
    const { status: ended, stdout } = spawnSync('sh', ['-c', text], {
      encoding: 'utf8',
      env: {
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        STATUS: String(status),
        SLURMD_NODENAME: 'n1',
      },
    });
    return { ended, stdout };
  }

  it('drain a node of Slurm on what is not well or not known, and note warnings', () => {
    const text = script('scontrol');
    expect(run(text, 0).stdout).toBe('');
    expect(run(text, 1).stdout).toBe("logger -t gpu-health GPU STATE - xid: why | 'gpu0_power.draw'=1\n");
    for (const status of [2, 3, 124])
      expect(run(text, status).stdout).toBe(
        'scontrol update nodename=n1 state=drain reason=GPU STATE - xid: why\n',
      );
  });

  it('end an epilog and a probe well on warnings alone', () => {
    const probe = /command: \[sh, -c, '(.*)'\]/.exec(DOCS)?.[1] ?? '';
    for (const text of [script('--skip pcie-generation'), probe]) {
      expect([0, 1, 2, 3].map((status) => run(text, status).ended)).toEqual([0, 0, 1, 1]);
    }
  });

  it('end as node-problem-detector has it', () => {
    const text = script('/opt/gpu-health');
    expect([0, 1, 2, 3].map((status) => run(text, status).ended)).toEqual([0, 0, 1, 2]);
  });

  it('have JSON and units that can be read', () => {
    const plugin = JSON.parse(blocks.find(({ kind }) => kind === 'json')?.text ?? '');
    expect(plugin.rules[0]).toMatchObject({ type: 'permanent', path: '/opt/gpu-health' });
    const units = blocks.find(({ kind }) => kind === 'ini')?.text ?? '';
    for (const line of units.split('\n')) expect(line).toMatch(/^$|^#|^\[\w+\]$|^\w+=\S/);
  });
});
