/** What is published, installed from its archives as npm would. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const platform = `nvsmi-linux-${process.arch}`;
const archive = (name: string): string => resolve(`dist/packages/${name}-${version}.tgz`);

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nvsmi-published-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The executable that a loop of the installed command runs as. */
async function executable(): Promise<string> {
  const argv = ['--snapshot', 't4', '--query-gpu=name', '--format=csv', '-lms', '20'];
  const child = spawn(join(folder, 'node_modules/.bin/nvsmi'), argv, {
    cwd: folder,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await new Promise((resolve, reject) => {
      child.once('error', reject).once('exit', reject);
      child.stdout.once('data', resolve);
    });
    return readlinkSync(`/proc/${child.pid}/exe`);
  } finally {
    child.removeAllListeners().kill('SIGKILL');
  }
}

describe('the published packages', { timeout: 120_000 }, () => {
  beforeAll(() => {
    const tsx = createRequire(import.meta.url).resolve('tsx/cli');
    execFileSync(process.execPath, [tsx, 'tools/build-packages.ts'], { stdio: 'pipe' });
    writeFileSync(join(folder, 'package.json'), '{}');
    const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
    const args = ['install', ...options, archive('nvsmi'), archive(platform)];
    execFileSync('npm', args, { cwd: folder, stdio: 'pipe' });
  }, 300_000);

  it('name each other with the same version', () => {
    const described = (name: string) =>
      JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'));
    expect(described('nvsmi').optionalDependencies).toHaveProperty(platform, version);
    expect(described(platform)).toMatchObject({ version, os: ['linux'], cpu: [process.arch] });
    expect(described(platform).scripts).toBeUndefined();
  });

  it('make the command run the file of the platform', async () => {
    expect(await executable()).toBe(join(folder, 'node_modules', platform, 'nvsmi'));
  });

  it('make it run Node where that file is not installed', async () => {
    rmSync(join(folder, 'node_modules', platform), { recursive: true });
    expect(await executable()).toBe(realpathSync(process.execPath));
  });
});
