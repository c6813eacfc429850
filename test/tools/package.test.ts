/** What npm and the packages of the binary ship. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { packages } from '../../tools/binary/packages.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'nvsmi-packed-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the package', () => {
  const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root });
  const packed: readonly { readonly path: string; readonly mode: number }[] = JSON.parse(
    listing.toString(),
  )[0].files;
  const files = packed.map(({ path }) => path);

  it('has everything that its README links to', () => {
    const links = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g);
    const missing = [...links]
      .map(([, link = '']) => link)
      .filter((link) => !files.some((file) => file === link || file.startsWith(`${link}/`)));
    expect(missing).toEqual([]);
  });

  it('has a program that can be run, in the archive and in the repository', ({ skip }) => {
    expect(packed.find(({ path }) => path === 'bin/nvsmi.js')?.mode).toBe(0o755);
    const tracked = spawnSync('git', ['ls-files', '-s', 'bin/nvsmi.js'], { cwd: root, encoding: 'utf8' });
    if (tracked.status !== 0 || tracked.stdout === '') skip('not a checkout');
    expect(tracked.stdout).toMatch(/^100755 /);
  });

  it('names its manual in the form that every npm installs: a list', () => {
    expect(description.man).toEqual(['docs/nvsmi.1']);
    expect(files).toEqual(expect.arrayContaining(description.man));
  });

  it('names as its author who has the copyright', () => {
    const licence = readFileSync(join(root, 'LICENSE'), 'utf8');
    expect(licence).toMatch(new RegExp(`^Copyright \\(c\\) \\d{4} ${description.author}$`, 'm'));
  });

  it('is built before it is packed', () => {
    expect(description.scripts.prepack).toBe('npm run build');
  });

  it('has types for compilers that do not know exports', () => {
    const of = description.typesVersions['*'];
    const paths = [description.types, ...of.nvml, ...of['nvml/promises']];
    const exported = Object.values(description.exports as Record<string, { require?: { types: string } }>);
    expect(paths).toEqual(exported.flatMap((one) => one.require?.types ?? []));
    expect(description.main).toBe(description.exports['.'].require.default);
  });
});

describe('generate:check', () => {
  it('checks everything that generate writes', () => {
    const tools = (script: string): readonly string[] => script.match(/tools\/[\w-]+\.ts/g) ?? [];
    expect(tools(description.scripts['generate:check'])).toEqual(tools(description.scripts.generate));
    expect(description.scripts['generate:check'].match(/--check/g)).toHaveLength(
      tools(description.scripts.generate).length,
    );
  });
});

describe('the packages of the binary', () => {
  const binary = join(folder, 'nvsmi-linux-x64');
  writeFileSync(binary, 'binary');
  writeFileSync(join(folder, 'LICENSE'), 'licence of Node');

  it('hold the notices, the manual and the completions', () => {
    if (!existsSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt')))
      spawnSync('npx', ['tsx', 'tools/notices.ts']);
    const [archive = ''] = packages(binary, 'x64', join(folder, 'LICENSE'));
    const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' });
    for (const name of [
      'bin/nvsmi',
      'THIRD-PARTY-NOTICES.txt',
      'man1/nvsmi.1',
      'completions/nvsmi',
      'LICENSE.node',
    ]) {
      expect(names).toContain(`/${name}\n`);
    }
  });

  it('are not made without a file that belongs to them', () => {
    expect(() => packages(binary, 'x64', join(folder, 'no-such-file'))).toThrow(/no-such-file/);
    const here = process.cwd();
    try {
      process.chdir(folder);
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '1', description: '' }));
      expect(() => packages(binary, 'x64', join(folder, 'LICENSE'))).toThrow(/ENOENT/);
    } finally {
      process.chdir(here);
    }
  });
});
